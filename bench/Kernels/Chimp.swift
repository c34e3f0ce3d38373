/// Chimp128 (Liakos, Papakonstantinopoulou and Kotidis, VLDB 2022), written from the paper's text
/// as a yardstick of size: each value is XORed with that of the 128 before it that ends in the same
/// low bits, and leading zeros are rounded to eight classes.
enum Chimp {
    private static let classes: [Int] = [0, 8, 12, 16, 18, 20, 22, 24]
    private static let windowBits = 7
    private static let threshold = 6 + windowBits

    private static func leadingClass(_ zeros: Int) -> Int {
        classes.lastIndex { $0 <= zeros } ?? 0
    }

    /// Bytes that the values take.
    ///
    /// The first value takes 64 bits; no other header is counted.
    static func byteCount(_ values: [Double]) -> Int {
        guard let first = values.first else { return 0 }
        let window = 1 << windowBits
        var bits = 64
        var lastPlace = [Int](repeating: -window - 1, count: 1 << (threshold + 1))
        let mask = UInt64(1 << (threshold + 1)) - 1
        lastPlace[Int(first.bitPattern & mask)] = 0
        var storedLeading = -1
        for row in 1..<max(1, values.count) {
            let value = values[row].bitPattern
            let key = Int(value & mask)
            var mixed = value ^ values[row - 1].bitPattern
            var usesWindow = false
            let candidate = lastPlace[key]
            if row - candidate < window {
                let other = value ^ values[candidate].bitPattern
                if other == 0 || other.trailingZeroBitCount > threshold {
                    mixed = other
                    usesWindow = true
                }
            }
            lastPlace[key] = row
            if mixed == 0 {
                // A value that is found has its place in the window; one equal to its neighbour
                // always shares its low bits, so it is found.
                bits += 2 + windowBits
                storedLeading = -1
                continue
            }
            let leading = leadingClass(mixed.leadingZeroBitCount)
            if usesWindow {
                let middle = 64 - classes[leading] - mixed.trailingZeroBitCount
                bits += 2 + windowBits + 3 + 6 + middle
                storedLeading = -1
            } else if leading == storedLeading {
                bits += 2 + 64 - classes[leading]
            } else {
                bits += 2 + 3 + 64 - classes[leading]
                storedLeading = leading
            }
        }
        return (bits + 7) / 8
    }
}
