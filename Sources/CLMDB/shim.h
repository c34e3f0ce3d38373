// For statfs() and malloc_trim(), which Glibc's module map leaves out.
#include <malloc.h>
#include <sys/vfs.h>
#include <lmdb.h>

// fallocate(2) is Linux's own and declared only with _GNU_SOURCE, which a module cannot set.
static inline int pollux_punch_hole(int file, long start, long count) {
    extern int fallocate(int, int, long, long);
    enum { keepSize = 1, punchHole = 2 };
    return fallocate(file, keepSize | punchHole, start, count);
}
