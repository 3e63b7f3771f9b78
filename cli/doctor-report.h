/* SPDX-License-Identifier: MIT */
/* Showing what `bpftoken doctor` found. */
#ifndef BPFTOKEN_DOCTOR_REPORT_H
#define BPFTOKEN_DOCTOR_REPORT_H

#include "doctor.h"
#include "target.h"

/* target NULL: this process. The first line names the gate that decides. */
void doctor_report_print(const struct doctor_report *report,
			 const struct target_options *target);
/* 0 or -ENOMEM. */
int doctor_report_print_json(const struct doctor_report *report,
			     const struct target_options *target);

#endif
