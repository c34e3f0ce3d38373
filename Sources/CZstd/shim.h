#include <zstd.h>

/* Swift has no way to ask the processor what it can do, and this is the one C header of the room
   that needs to know: the kernels of PolluxKernels are compiled for x86-64-v3: AVX2, BMI, FMA, LZCNT. */
#if defined(__x86_64__)
#include <cpuid.h>
static inline int pollux_processor_is_supported(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    /* FMA (bit 12), MOVBE (22), OSXSAVE (27), AVX (28), F16C (29) */
    const unsigned needed = 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29;
    if ((c & needed) != needed) return 0;
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 6u) != 6u) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    /* BMI1 (3), AVX2 (5), BMI2 (8) */
    if ((b & (1u << 3 | 1u << 5 | 1u << 8)) != (1u << 3 | 1u << 5 | 1u << 8)) return 0;
    /* LZCNT (5): without it the same bytes are another instruction, and give wrong numbers */
    if (!__get_cpuid(0x80000001u, &a, &b, &c, &d)) return 0;
    return (c & (1u << 5)) != 0;
}
/* Whether there are vectors of 512 bits: level x86-64-v4. */
static inline int pollux_processor_is_wide(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!pollux_processor_is_supported()) return 0;
    unsigned low = 0, high = 0;
    /* The system saves mask registers and all of the 512-bit ones (bits 5 to 7) */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0xE6u) != 0xE6u) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    /* AVX-512 F (16), DQ (17), CD (28), BW (30), VL (31) */
    const unsigned needed = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
    return (b & needed) == needed;
}
#else
static inline int pollux_processor_is_supported(void) { return 1; }
static inline int pollux_processor_is_wide(void) { return 0; }
#endif

/* Room of this thread for a block of 1,024 words. Swift has none on the stack that is not filled
   first, and taking some from the heap for each column costs more than a block. Nothing is kept in it
   from one sum to the next. */
static inline void *pollux_scratch(void) {
    static _Thread_local _Alignas(64) unsigned char room[4096];
    return room;
}
