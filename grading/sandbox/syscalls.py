"""The system calls that a candidate's program may make, by family, each family with its reason.

Recorded from what programs really call (`tools/syscalls.py` prints what is missing), then completed by hand with the
siblings that another C library, processor or Python version uses for the same job. What is not here is refused.
Names that a processor or an older libseccomp does not know are skipped; without the `ESSENTIAL` nothing could run.

Left out on purpose although harmless-looking: `sync` (stalls the whole machine's disks), `memfd_create`, System V and POSIX
message memory (belongs to no process, so a watcher of processes cannot see it), the setters of identity (nobody to become).
"""

from __future__ import annotations

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "read and write open files": """
        read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek close close_range dup dup2 dup3
        fcntl fcntl64 flock ftruncate ftruncate64 fallocate fadvise64 fadvise64_64 arm_fadvise64_64 readahead cachestat
        fsync fdatasync syncfs sync_file_range sync_file_range2 sendfile sendfile64 copy_file_range splice tee
    """,
    "find, make, rename and remove files": """
        open openat openat2 creat access faccessat faccessat2 stat stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx
        statfs statfs64 fstatfs fstatfs64 getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir mknod mknodat link linkat
        symlink symlinkat readlink readlinkat rename renameat renameat2 unlink unlinkat truncate truncate64 umask
        chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat utimensat_time64 futimesat
        file_getattr file_setattr
    """,
    "extended attributes (shutil.copy2)": """
        getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat
        setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
    """,
    "memory of its own": """
        brk mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 munlock mlockall munlockall mseal
        pkey_alloc pkey_free pkey_mprotect map_shadow_stack membarrier get_mempolicy
    """,
    "processes and threads": """
        fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid getsid
        setsid set_tid_address set_robust_list get_robust_list rseq restart_syscall arch_prctl pidfd_open riscv_hwprobe
        riscv_flush_icache futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue
    """,
    "identity, read only": """
        getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getgroups getgroups32 getresuid getresuid32
        getresgid getresgid32 capget
    """,
    "scheduling of its own (the kernel refuses to raise)": """
        sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler
        sched_getattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64
        getpriority setpriority getcpu
    """,
    "signals, within its own process namespace": """
        kill tkill tgkill pidfd_send_signal rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait
        rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn sigaltstack sigreturn pause
        signalfd signalfd4
    """,
    "wait for events": """
        poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait
        epoll_pwait epoll_pwait2 eventfd eventfd2 pipe pipe2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
    """,
    "clocks and timers, read or of its own": """
        time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64
        nanosleep times alarm getitimer setitimer timer_create timer_settime timer_settime64 timer_gettime timer_gettime64
        timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_settime64 timerfd_gettime timerfd_gettime64
    """,
    "sockets between its own processes (AF_UNIX only, see seccomp.py)": """
        bind listen accept accept4 connect getsockname getpeername getsockopt shutdown
        send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64
    """,
    "limits and facts of the system": """
        getrlimit ugetrlimit setrlimit getrusage uname sysinfo getrandom
    """,
}

ALLOWED = tuple(name for family in FAMILIES.values() for name in family.split())

CONDITIONAL = ("clone", "ioctl", "prctl", "prlimit64", "setsockopt", "socket", "socketpair")
"""Allowed with some arguments only: `seccomp.py` says which."""

DISPENSABLE: Mapping[str, str] = {
    "clone3": "flags out of a filter's sight; told that it does not exist, a C library uses clone",
    "mbind": "OpenBLAS names its favourite memory node and does not look at the answer",
    "set_mempolicy": "libnuma, which `ps` brings along, tries it when it is loaded and goes on without",
}
"""Recorded, and refused all the same: why programs do not mind."""

ESSENTIAL = frozenset({
    "read", "write", "close", "openat", "newfstatat", "lseek", "mmap", "munmap", "mprotect", "brk", "futex", "execve",
    "exit_group", "rt_sigaction", "rt_sigprocmask", "getdents64", "wait4", "getrandom", "clock_gettime", "clone", "ioctl",
    "socket", "prctl", "prlimit64",
})  # fmt: skip
"""Known everywhere (on every 64-bit processor); a libseccomp that does not know one of them is unusable."""

NEWEST = 469
"""Number of the newest call that was judged (`file_setattr`, Linux 6.17; new calls have one number on all processors). To a
program all later ones do not exist, as on an older kernel, so that its C library falls back to what it did before."""

RECENT: Mapping[str, int] = {
    "cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456,
    "mseal": 462, "setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466, "file_getattr": 468,
    "file_setattr": 469,
}  # fmt: skip
"""Calls that a libseccomp still in use may not know by name."""
