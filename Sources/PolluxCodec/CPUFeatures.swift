/// Whether this processor can run the compiled kernels.
public enum CPUFeatures {
    /// True when every instruction that the kernels were compiled for is there: AVX2, BMI2 and FMA
    /// on x86-64; always on arm64. The program checks it first and stops with a message otherwise.
    public static var isSupported: Bool {
        fatalError("not yet")
    }
}
