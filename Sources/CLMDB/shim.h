// For statfs(), which Glibc's module map leaves out.
#include <sys/vfs.h>
#include <lmdb.h>
