/* SPDX-License-Identifier: MIT */
/*
 * syscall(3), for a process whose bpf() calls are to carry a token: bpf(2) goes on to
 * bpftoken_libbpf_bpf() with its arguments where they are, every other number to the
 * kernel, as the C library's own syscall() does it. Without a stack frame, for vfork(2)
 * and clone(2) return twice through here.
 *
 * bpftoken_raw_syscall() is the same without the exception.
 */
#include <asm/unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	cmpq	$__NR_bpf, %rdi
	je	1f
	.globl	bpftoken_raw_syscall
	.type	bpftoken_raw_syscall, @function
bpftoken_raw_syscall:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	cmpq	$-4095, %rax
	jae	2f
	ret
1:	jmp	bpftoken_libbpf_bpf
2:	movq	%rax, %rdi
	jmp	bpftoken_libbpf_failed
	.cfi_endproc
	.size	syscall, . - syscall
	.size	bpftoken_raw_syscall, . - bpftoken_raw_syscall

#elif defined(__aarch64__)

	.text
	.globl	syscall
	.type	syscall, %function
	.p2align 4
syscall:
	.cfi_startproc
	cmp	x0, #__NR_bpf
	b.eq	bpftoken_libbpf_bpf
	.globl	bpftoken_raw_syscall
	.type	bpftoken_raw_syscall, %function
bpftoken_raw_syscall:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
	cmn	x0, #4095
	b.cs	bpftoken_libbpf_failed
	ret
	.cfi_endproc
	.size	syscall, . - syscall
	.size	bpftoken_raw_syscall, . - bpftoken_raw_syscall

#elif defined(__riscv) && __riscv_xlen == 64

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 2
syscall:
	.cfi_startproc
	li	t1, __NR_bpf
	beq	a0, t1, 1f
	.globl	bpftoken_raw_syscall
	.type	bpftoken_raw_syscall, @function
bpftoken_raw_syscall:
	mv	t0, a0
	mv	a0, a1
	mv	a1, a2
	mv	a2, a3
	mv	a3, a4
	mv	a4, a5
	mv	a5, a6
	mv	a7, t0
	ecall
	li	t0, -4095
	bgeu	a0, t0, 2f
	ret
1:	tail	bpftoken_libbpf_bpf
2:	tail	bpftoken_libbpf_failed
	.cfi_endproc
	.size	syscall, . - syscall
	.size	bpftoken_raw_syscall, . - bpftoken_raw_syscall

#elif defined(__i386__)

	.text
	.globl	syscall
	.type	syscall, @function
	.p2align 4
syscall:
	.cfi_startproc
	cmpl	$__NR_bpf, 4(%esp)
	je	1f
	.globl	bpftoken_raw_syscall
	.type	bpftoken_raw_syscall, @function
bpftoken_raw_syscall:
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	.cfi_adjust_cfa_offset 16
	movl	20(%esp), %eax
	movl	24(%esp), %ebx
	movl	28(%esp), %ecx
	movl	32(%esp), %edx
	movl	36(%esp), %esi
	movl	40(%esp), %edi
	movl	44(%esp), %ebp
	int	$0x80
	popl	%ebx
	popl	%esi
	popl	%edi
	popl	%ebp
	.cfi_adjust_cfa_offset -16
	cmpl	$-4095, %eax
	jae	2f
	ret
1:	jmp	bpftoken_libbpf_bpf
2:	movl	%eax, 4(%esp)
	jmp	bpftoken_libbpf_failed
	.cfi_endproc
	.size	syscall, . - syscall
	.size	bpftoken_raw_syscall, . - bpftoken_raw_syscall

#elif defined(__arm__)

	.text
	.syntax	unified
	.arm
	.globl	syscall
	.type	syscall, %function
	.p2align 2
syscall:
	.fnstart
	ldr	ip, =__NR_bpf
	cmp	r0, ip
	beq	bpftoken_libbpf_bpf
	.globl	bpftoken_raw_syscall
	.type	bpftoken_raw_syscall, %function
bpftoken_raw_syscall:
	mov	ip, sp
	push	{r4-r7}
	mov	r7, r0
	mov	r0, r1
	mov	r1, r2
	mov	r2, r3
	ldm	ip, {r3-r6}
	svc	#0
	pop	{r4-r7}
	cmn	r0, #4096
	bhi	bpftoken_libbpf_failed
	bx	lr
	.cantunwind
	.fnend
	.ltorg
	.size	syscall, . - syscall
	.size	bpftoken_raw_syscall, . - bpftoken_raw_syscall

#else
#error "no syscall() for this architecture: leave libbpftoken-libbpf out"
#endif

	.section .note.GNU-stack, "", %progbits
