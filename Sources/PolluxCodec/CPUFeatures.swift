internal import CZstd

/// Whether this processor can run the compiled kernels.
public enum CPUFeatures {
    /// True when every instruction that the kernels were compiled for is there.
    ///
    /// On x86-64 those are the ones of level v3 (AVX2, BMI1, BMI2, FMA, LZCNT, MOVBE, F16C), and
    /// the system must save AVX registers; arm64 always will do. The question itself needs none.
    ///
    /// The program checks it first and stops with a message otherwise.
    public static var isSupported: Bool {
        pollux_processor_is_supported() != 0
    }

    /// True when there are vectors of 512 bits (level v4: AVX-512 F, BW, CD, DQ, VL).
    ///
    /// No kernel needs them; the bench adds up plain doubles as fast as the processor can.
    public static let isWide = pollux_processor_is_wide() != 0
}
