# SPDX-License-Identifier: MIT
"""
What the tests of this directory share: a machine of their own, containers in it, the
commands that are tried there, and what must hold after each, whatever happened to it.

The machine is a pid and a mount namespace, so that what a command leaves, a process or a
mount, is seen at once, and ends with the test.
"""
import ctypes
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 12  # seconds for one command; its own waits are 5 and 10
KILLED = 128 + signal.SIGKILL
SETTLE = 3  # seconds for what it started to be gone
POLICY = ["--cmds", "map_create", "--maps", "array"]
OTHER = ["--cmds", "map_create", "--maps", "array:hash"]
LINE = re.compile(r"^bpftoken: [^:]+: .+", re.M)
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE, MS_BIND, MS_SHARED = 0x4000, 0x40000, 0x1000, 0x100000


def say(line):
    print(line, flush=True)


def skip_all(why):
    say(f"1..0 # SKIP {why}")
    sys.exit(0)


def own_machine():
    """Goes on in namespaces of its own, or says why it cannot."""
    if os.environ.get("FAULT_MACHINE"):
        return
    if os.geteuid() != 0:
        skip_all("needs root")
    if not os.path.isdir("/sys/fs/bpf"):
        skip_all("no /sys/fs/bpf")
    os.environ["FAULT_MACHINE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child",
                          "--mount-proc", "--propagation", "private",
                          sys.executable, *sys.argv])


class Tap:
    def __init__(self):
        self.number = self.failures = 0

    def result(self, good, name, explanation=()):
        self.number += 1
        self.failures += not good
        say(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        for line in explanation:
            say("# " + str(line).replace("\n", "\n#   "))

    def finish(self):
        say(f"1..{self.number}")
        sys.exit(1 if self.failures else 0)


def check(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


class Container:
    """A process in a user and a mount namespace, for others to delegate to.

    foreign: its mount namespace is owned by the host's user namespace.
    root: a directory that is mounted on itself, as by a runtime before pivot_root().
    """

    def __init__(self, foreign=False, root=None):
        go, ready = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.inside(foreign, root, go[0], ready[1])
            finally:
                os._exit(1)
        os.close(go[0])
        os.close(ready[1])
        os.read(ready[0], 1)
        for name in "uid_map", "gid_map":
            with open(f"/proc/{self.pid}/{name}", "w", encoding="ascii") as file:
                file.write("0 100000 65536\n")
        os.write(go[1], b"x")
        if os.read(ready[0], 1) != b"x":
            raise OSError("the container did not start")
        os.close(go[1])
        os.close(ready[0])

    @staticmethod
    def inside(foreign, root, go, ready):
        if foreign:
            check(libc.unshare(CLONE_NEWNS), "unshare")
            Container.bind(root)
            check(libc.unshare(CLONE_NEWUSER), "unshare")
        else:
            check(libc.unshare(CLONE_NEWNS | CLONE_NEWUSER), "unshare")
        os.write(ready, b"x")
        os.read(go, 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        if not foreign:
            check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "private")
            Container.bind(root)
        os.write(ready, b"x")
        for number in range(3, 64):
            try:
                os.close(number)
            except OSError:
                pass
        while True:
            signal.pause()

    @staticmethod
    def bind(root):
        if root:
            check(libc.mount(root.encode(), root.encode(), None, MS_BIND | MS_REC, None),
                  "bind")

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass


def mounts(pid="self"):
    """mountinfo without what is new with each mount: ids and devices."""
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="replace") as file:
        return [re.sub(r"^\d+ \d+ \d+:\d+ |(?<=shared:)\d+|(?<=master:)\d+", "", line)
                for line in file]


def processes():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def name_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return f"{pid} {file.read().replace(bytes(1), b' ').decode()}"
    except OSError:
        return str(pid)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Result:
    def __init__(self, status, out, err, hung):
        self.status, self.out, self.err, self.hung = status, out, err, hung

    def __str__(self):
        return f"status {self.status}, said {self.err.strip()[-400:]!r}"


class Machine:
    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="bpftoken-fault-")
        os.chmod(self.work, 0o755)
        self.build = build = os.environ.get("build", "build")
        self.temp = self.directory("tmp", 0o777)
        self.out = self.directory("out", 0o777)
        self.bin = self.directory("bin", 0o755)
        for path in (os.environ.get("BPFTOKEN", build + "/bpftoken"),
                     build + "/tests/fault/nth", build + "/tests/fault/maker"):
            if not os.path.exists(path):
                skip_all(f"{path} is not built")
            shutil.copy(path, self.bin)
        self.bpftoken, self.nth, self.maker = (
            f"{self.bin}/{name}" for name in ("bpftoken", "nth", "maker"))
        self.root = self.directory("root", 0o755)
        os.makedirs(self.root + "/sys/fs/bpf")
        self.ours = processes()
        self.mounts = mounts()

    def directory(self, name, mode):
        path = f"{self.work}/{name}"
        os.mkdir(path)
        os.chmod(path, mode)
        return path

    def run(self, argv, stdin=None, env=None, limit=LIMIT, setup=None, stdout=None):
        """A command with its output in files, which nothing that is left can hold."""
        with open(self.work + "/said.out", "w+b") as out, \
                open(self.work + "/said.err", "w+b") as err:
            child = subprocess.Popen(
                argv, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=stdout or out, stderr=err, preexec_fn=setup,
                env={**os.environ, "TMPDIR": self.temp, **(env or {})})
            hung = False
            try:
                if stdin:
                    try:
                        child.stdin.write(stdin.encode())
                        child.stdin.close()
                    except BrokenPipeError:
                        pass
                child.wait(limit)
            except subprocess.TimeoutExpired:
                hung = True
                child.kill()
                child.wait()
            out.seek(0)
            err.seek(0)
            status = child.returncode
            return Result(status if status >= 0 else 128 - status,
                          out.read().decode(errors="replace"),
                          err.read().decode(errors="replace"), hung)

    def left(self, expected):
        """What is there that was not, once it has had its time to go; it is ended."""
        deadline = time.monotonic() + SETTLE
        while True:
            reap()
            more = processes() - self.ours - expected
            if not more or time.monotonic() > deadline:
                break
            time.sleep(0.003)
        found = ["process " + name_of(pid) for pid in more]
        for pid in more:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if more:
            time.sleep(0.1)
            reap()
        if mounts() != self.mounts:
            found.append("mount on the host: " + str(
                [line for line in mounts() if line not in self.mounts]))
            self.mounts = mounts()
        for name in os.listdir(self.temp):
            found.append("file " + name)
            os.unlink(f"{self.temp}/{name}")
        return found

    def end(self):
        shutil.rmtree(self.work, ignore_errors=True)


# ------------------------------------------------------------------------- the commands

class Scene:
    """A command, where it is tried, and what its success looks like."""

    name = ""
    stdin = None
    env = None
    follow = True  # its children can be traced
    only_killed = False  # its own process alone, and no other fault

    def __init__(self, machine):
        self.machine = machine
        self.set_up()
        self.before = self.state()
        result = self.plain()
        if result.status or result.hung:
            raise RuntimeError(f"{self.name} does not work at all: {result}")
        self.after = self.state()
        self.restore()

    def set_up(self):
        pass

    def argv(self):
        raise NotImplementedError

    def around(self):
        """What has to come before the tracer."""
        return []

    def plain(self):
        return self.machine.run([*self.around(), *self.argv()], self.stdin, self.env)

    def run(self, tracer, **how):
        return self.machine.run([*self.around(), *tracer, *self.argv()], self.stdin,
                                self.env, **how)

    def expected(self):
        return set()

    def state(self):
        return None

    def restore(self):
        pass

    def end(self):
        pass

    def judge(self, result, killed):
        """What is wrong about a run that one fault hit: a list of sentences."""
        wrong = self.machine.left(self.expected())
        state = self.state()
        if result.hung:
            wrong.append(f"no end within {LIMIT} s")
        if state not in (self.before, self.after) and not self.may_stop(result, state):
            wrong.append(f"neither as before nor as asked: {self.difference(state)}")
        elif not killed and result.status and state != self.before and \
                not self.may_be_done(result):
            wrong.append("failed, and has changed something: " + self.difference(state))
        elif result.status == 0 and state != self.after:
            wrong.append("reported success without effect")
        if state != self.before:
            self.restore()
        return wrong

    def spoke(self, result):
        """Did the program run, whose status it is?"""
        return False

    def may_be_done(self, result):
        """Is what was asked done, and only to say so failed?"""
        return "cannot write standard output" in result.err or \
            "cannot look for the holders of tokens" in result.err

    def may_stop(self, result, state):
        """May a kill leave this state, between two steps that are whole in themselves?"""
        return False

    def may_die(self, call):
        """Is it enough that the status says who was killed?"""
        return False

    def difference(self, state):
        return str([line for line in state or [] if line not in (self.before or [])] or
                   ["nothing more"]) + " " + \
            str([line for line in self.before or [] if line not in (state or [])])


class Run(Scene):
    name = "run"

    def argv(self):
        return [self.machine.bpftoken, "run", *POLICY, "--", "/bin/true"]


    def may_die(self, call):
        """The program itself, on its way."""
        return call.role == 2


class RunLong(Run):
    """Its program would outlive the host's side that is killed."""

    name = "run, a program that lasts"
    only_killed = True

    def argv(self):
        return [self.machine.bpftoken, "run", *POLICY, "--", "sleep", str(SETTLE + 1)]


class RunAs(Run):
    name = "run --user --caps"

    def argv(self):
        return [self.machine.bpftoken, "run", *POLICY, "--user", "1000", "--caps",
                "bpf,net_admin", "--", "/bin/true"]


class RunRootfs(Run):
    name = "run --rootfs"

    def argv(self):
        return [self.machine.bpftoken, "run", *POLICY, "--rootfs", self.rootfs, "--",
                "/true"]

    def set_up(self):
        self.rootfs = self.machine.directory("rootfs", 0o755)
        for name in "proc", "sys", "dev", "lib", "lib64":
            os.mkdir(f"{self.rootfs}/{name}")
        shutil.copy("/bin/true", self.rootfs + "/true")
        loaded = subprocess.run(["ldd", "/bin/true"], capture_output=True, text=True,
                                check=True).stdout
        for path in re.findall(r"(/\S+)", loaded):
            os.makedirs(self.rootfs + os.path.dirname(path), exist_ok=True)
            shutil.copy(path, self.rootfs + path)


class Mount(Scene):
    name = "mount"
    foreign = False
    delegated = False
    root = None

    def set_up(self):
        self.container = Container(self.foreign, self.root)
        if self.delegated:
            result = self.machine.run([self.machine.bpftoken, "mount", "--pid",
                                       str(self.container.pid), *POLICY])
            if result.status:
                raise RuntimeError(str(result))

    def argv(self):
        return [self.machine.bpftoken, "mount", "--pid", str(self.container.pid), *POLICY]

    def expected(self):
        return {self.container.pid}

    def state(self):
        return mounts(self.container.pid)

    def restore(self):
        self.end()
        self.set_up()

    def end(self):
        self.container.end()


class MountForeign(Mount):
    name = "mount, foreign"
    foreign = True


class Replace(Mount):
    name = "mount --replace"
    delegated = True

    def argv(self):
        return [self.machine.bpftoken, "mount", "--pid", str(self.container.pid), *OTHER,
                "--replace"]


class ReplaceForeign(Replace):
    name = "mount --replace, foreign"
    foreign = True


class Umount(Mount):
    name = "umount"
    delegated = True

    def may_be_done(self, result):
        """It looks once more whether anything is left."""
        return True

    def argv(self):
        return [self.machine.bpftoken, "umount", "--pid", str(self.container.pid)]


class UmountForeign(Umount):
    name = "umount, foreign"
    foreign = True


class HookOci(Mount):
    name = "hook oci"
    config = annotations = {}

    def set_up(self):
        self.root = self.machine.root
        super().set_up()
        bundle = self.machine.work + "/bundle"
        os.makedirs(bundle, exist_ok=True)
        mapping = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        with open(bundle + "/config.json", "w", encoding="ascii") as file:
            json.dump({**self.config, "root": {"path": self.root}, "linux": {
                "namespaces": [{"type": "user"}, {"type": "mount"}],
                "uidMappings": mapping, "gidMappings": mapping}}, file)
        self.stdin = json.dumps({
            "ociVersion": "1.0.2", "id": "c", "status": "creating",
            "pid": self.container.pid, "bundle": bundle, "annotations": self.annotations})

    def argv(self):
        return [self.machine.bpftoken, "hook", "oci", *POLICY]


class HookExec(HookOci):
    """With a front before a script's interpreter; the places for it count as one."""

    name = "hook oci, exec"
    config = {"process": {"args": ["/script"], "env": ["PATH=/bin"], "cwd": "/"}}
    annotations = {"bpftoken.exec": "true"}

    def __init__(self, machine):
        for name in "bpftoken-front", "preload/libbpftoken-preload.so":
            shutil.copy(f"{machine.build}/{name}", machine.bin)
        self.places = [machine.root + place for place in ("/dev/.bpftoken", "/.bpftoken")]
        for name in "dev", "bin":
            os.makedirs(f"{machine.root}/{name}", exist_ok=True)
        os.chown(machine.root + "/dev", 100000, 100000)
        shutil.copy("/bin/true", machine.root + "/bin/program")
        with open(machine.root + "/script", "w", encoding="ascii") as file:
            file.write("#!/bin/program\n")
        os.chmod(machine.root + "/script", 0o755)
        super().__init__(machine)
        self.annotations = {}
        self.restore()
        self.plain()
        self.delegated_only = self.state()
        self.annotations = type(self).annotations
        self.restore()

    def state(self):
        return [line.replace(*self.places) for line in super().state()]

    def made(self):
        return [place for place in self.places if os.path.exists(place)]

    def may_stop(self, result, state):
        """Who was killed when the bpffs was there, and the front was not."""
        return result.status == KILLED and state == self.delegated_only

    def judge(self, result, killed):
        """A helper that was killed leaves the directory that it made."""
        wrong = self.machine.left(self.expected())
        made, whole = self.made(), self.state() == self.after
        wrong += super().judge(result, killed)
        if len(made) > whole and (not killed or result.status == KILLED):
            wrong.append(f"left: {made}")
        if made:
            self.restore()
        return wrong

    def end(self):
        super().end()
        for place in self.made():
            os.rmdir(place)


class HookExecForeign(HookExec):
    name = "hook oci, exec, foreign"
    foreign = True


class HookLxc(Mount):
    name = "hook lxc"

    def argv(self):
        self.env = {"LXC_PID": str(self.container.pid), "LXC_HOOK_TYPE": "start-host"}
        return [self.machine.bpftoken, "hook", "lxc", *POLICY]


class Exec(Scene):
    """
    In a container that stays; what the program could not do, it says by its status. By the
    listener alone: auto would take the preload library where there is one.
    """

    name = "exec"
    options = ["--via", "notify"]

    def set_up(self):
        self.container = subprocess.Popen(
            [self.machine.bpftoken, "run", *POLICY, "--", "sleep", "infinity"])
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self.family = processes() - self.machine.ours
            if any(re.match(r"\d+ sleep ", name_of(pid)) for pid in self.family):
                break
            time.sleep(0.01)
        self.pid = max(self.family)

    def around(self):
        return ["nsenter", "-t", str(self.pid), "-U", "-m", "-p", "-n", "-i", "-u", "-C",
                "--"]

    def argv(self):
        return [self.machine.bpftoken, "exec", *self.options, "--", self.machine.maker]

    def expected(self):
        return self.family

    def end(self):
        self.container.kill()
        self.container.wait()
        self.machine.left(set())

    def spoke(self, result):
        return bool(result.out)

    def may_die(self, call):
        """The program itself, on its way; with a thread the supervisor ends."""
        return call.role > 0

    def judge(self, result, killed):
        """A caller has an answer: a map, or an errno that says something."""
        wrong = super().judge(result, killed)
        for word in result.out.split():
            # EINVAL: what the call that was made for it said
            if word not in ("map", "EPERM", "ENOSYS", "EMFILE", "ENOMEM", "EINVAL"):
                wrong.append(f"the program's bpf() said {word}")
        return wrong


class ExecPidFile(Exec):
    name = "exec, file for the pid"

    def argv(self):
        self.options = [*Exec.options, "--pid-file", self.machine.temp + "/pid"]
        return super().argv()

    def judge(self, result, killed):
        """Who is killed leaves it, for the next one to replace."""
        if killed and os.path.exists(self.machine.temp + "/pid"):
            os.unlink(self.machine.temp + "/pid")
        return super().judge(result, killed)


class Learn(Scene):
    """Itself a tracer: its children are no other's to trace."""

    name = "learn"
    follow = False

    def argv(self):
        return [self.machine.bpftoken, "learn", "-o", self.machine.out + "/record",
                "--html", self.machine.out + "/page", "--", self.machine.maker]

    def judge(self, result, killed):
        wrong = super().judge(result, killed)
        for name, end in ("record", "}\n"), ("page", "</html>\n"):
            path = f"{self.machine.out}/{name}"
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                if not file.read().endswith(end):
                    wrong.append(f"half of a file is left: {name}")
            os.unlink(path)
        for name in os.listdir(self.machine.out):
            wrong.append("file " + name)
            os.unlink(f"{self.machine.out}/{name}")
        return wrong

    def restore(self):
        for name in os.listdir(self.machine.out):
            os.unlink(f"{self.machine.out}/{name}")


SCENES = (Run, RunLong, RunAs, RunRootfs, Mount, MountForeign, Replace, ReplaceForeign,
          Umount, UmountForeign, HookOci, HookExec, HookExecForeign, HookLxc, Exec,
          ExecPidFile, Learn)


def errno_name(number):
    return errno.errorcode[number]
