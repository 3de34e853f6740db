/* A disk whose flushes take longer: preloaded into PostgreSQL, which flushes its log by fdatasync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int fdatasync(int file)
{
    static int (*flush)(int);
    static long microseconds;
    if (flush == NULL) {
        const char *slower = getenv("SLOWER_MICROSECONDS");
        microseconds = slower == NULL ? 0 : atol(slower);
        flush = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    }
    int flushed = flush(file);
    struct timespec rest = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&rest, NULL);
    return flushed;
}
