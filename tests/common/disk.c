/*
 * A disk that can be told to stall, to fail and to write short, and a clock that can be told to be wrong: preloaded
 * into a server under test. It does what the files in the directory $DISK_CONTROL say, each of which holds a piece of
 * the paths that it is about:
 *
 *   stall        fsync and fdatasync wait while it is there; the file "stalled" says that one waits
 *   fail-sync    fsync and fdatasync answer EIO
 *   fail-write   writes answer EIO
 *   full         writes answer ENOSPC
 *   short        writes take half of what they are given
 *   clock        (a number of seconds) is added to the wall clock
 *
 * And it keeps books: "synced" gets a line "length path" for each sync that was answered, with the length that the file
 * had before it, and "content/" the guards as they were then. What is not in the books, a power failure may take.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *control(void) {
    static const char *directory;
    if (!directory) directory = getenv("DISK_CONTROL");
    return directory ? directory : "/nonexistent";
}

/* What a control file says; 0 where there is none. */
static int says(const char *name, char *text, size_t room) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", control(), name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = syscall(SYS_read, file, text, room - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    return 1;
}

static int path_of(int fd, char *path, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length < 0 || path[0] != '/') return 0;
    path[length] = 0;
    return 1;
}

static int concerns(const char *name, int fd) {
    char text[256], path[PATH_MAX];
    return says(name, text, sizeof text) && path_of(fd, path, sizeof path) && strstr(path, text);
}

static void put(const char *name, int flags, const void *bytes, size_t length) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", control(), name);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    if (file < 0) return;
    syscall(SYS_write, file, bytes, length);
    close(file);
}

static int synced(int fd, long number) {
    int kept_errno = errno;
    while (concerns("stall", fd)) {
        put("stalled", O_TRUNC, "", 0);
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
    }
    if (concerns("fail-sync", fd)) {
        errno = EIO;
        return -1;
    }
    struct stat before;
    char path[PATH_MAX], content[8192];
    ssize_t small = -1;
    int known = path_of(fd, path, sizeof path) && fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
    if (known && strstr(path, "/guard/")) small = syscall(SYS_pread64, fd, content, sizeof content, 0L);
    errno = kept_errno;
    int answer = (int)syscall(number, fd);
    if (answer == 0 && known) {
        char line[PATH_MAX + 32];
        int length = snprintf(line, sizeof line, "%lld %s\n", (long long)before.st_size, path);
        put("synced", O_APPEND, line, (size_t)length);
        if (small >= 0) {
            char name[PATH_MAX] = "content/", next[PATH_MAX], there[PATH_MAX];
            size_t at = strlen(name);
            for (const char *c = path; *c && at < sizeof name - 1; c++) name[at++] = *c == '/' ? '%' : *c;
            name[at] = 0;
            /*
             * In one step: the server may be killed in the middle of these books too. Under a name of this thread's own:
             * another thread, or the test that sets a control, would else take this file away or put its own there.
             */
            char own[64];
            snprintf(own, sizeof own, "book-%ld", syscall(SYS_gettid));
            put(own, O_TRUNC, content, (size_t)small);
            snprintf(next, sizeof next, "%s/%s", control(), own);
            snprintf(there, sizeof there, "%s/%s", control(), name);
            rename(next, there);
        }
    }
    return answer;
}

int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
int fsync(int fd) { return synced(fd, SYS_fsync); }

/* How much of a write is to be done: all, half, or none with errno set. */
static ssize_t allowed(int fd, size_t length) {
    if (concerns("fail-write", fd)) {
        errno = EIO;
        return -1;
    }
    if (concerns("full", fd)) {
        errno = ENOSPC;
        return -1;
    }
    return length > 1 && concerns("short", fd) ? (ssize_t)(length / 2) : (ssize_t)length;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    ssize_t take = allowed(fd, length);
    return take < 0 ? -1 : syscall(SYS_write, fd, bytes, (size_t)take);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    ssize_t take = allowed(fd, length);
    return take < 0 ? -1 : syscall(SYS_pwrite64, fd, bytes, (size_t)take, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, time);
    char text[64];
    if (answer == 0 && clock == CLOCK_REALTIME && says("clock", text, sizeof text)) time->tv_sec += atoll(text);
    return answer;
}
