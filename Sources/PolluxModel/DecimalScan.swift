/// Reads a decimal number from bytes: up to 19 digits gathered in one integer, exact where that and
/// a power of ten are exact doubles (Clinger 1990), the standard library's correctly rounded
/// conversion elsewhere.
public struct DecimalScan: Sendable {
    /// Whether a number stood there.
    public private(set) var isValid = false
    /// Whether it begins with a minus sign.
    public private(set) var isNegative = false
    /// Whether it begins with a plus sign, which JSON forbids.
    public private(set) var hasPlus = false
    /// Whether a zero stands before further whole digits, which JSON forbids.
    public private(set) var hasLeadingZero = false
    /// Whether digits stand on both sides of a point, as JSON demands.
    public private(set) var hasJSONForm = true
    private var mantissa: UInt64 = 0
    private var digitCount = 0
    private var lastDigit: UInt8 = 0
    private var decimals = 0
    private var exponent = 0
    private var isWhole = true

    /// A reader for one number.
    public init() {}

    /// The number that bytes are, wholly; nil when they are something else.
    public init?(whole bytes: [UInt8]) {
        self.init()
        guard scan(bytes.span, 0, bytes.count) == bytes.count, isValid else { return nil }
    }

    /// Reads sign, digits, fraction and exponent from `start` on and returns where they end.
    @inlinable
    @inline(__always)
    public mutating func read(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        scan(bytes, start, end)
    }

    @usableFromInline
    mutating func scan(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var index = start
        if index < end, bytes[index] == UInt8(ascii: "-") {
            isNegative = true
            index += 1
        } else if index < end, bytes[index] == UInt8(ascii: "+") {
            hasPlus = true
            index += 1
        }
        let firstDigit = index
        index = readDigits(bytes, index, end)
        let wholeCount = index - firstDigit
        hasLeadingZero = wholeCount > 1 && bytes[firstDigit] == 48
        var fractionCount = 0
        if index < end, bytes[index] == UInt8(ascii: ".") {
            isWhole = false
            let point = index + 1
            index = readDigits(bytes, point, end)
            fractionCount = index - point
            decimals = fractionCount
            hasJSONForm = fractionCount > 0
        }
        if wholeCount == 0 { hasJSONForm = false }
        guard wholeCount + fractionCount > 0 else { return start }
        isValid = true
        if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index = readExponent(bytes, index, end)
        }
        return index
    }

    @inline(__always)
    private mutating func readDigits(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var index = start
        while index < end {
            let digit = bytes[index] &- 48
            guard digit <= 9 else { break }
            // Leading zeros do not use up the 19 digits that fit.
            if digitCount > 0 || digit != 0 {
                if digitCount < 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
                digitCount += 1
                lastDigit = digit
            }
            index += 1
        }
        return index
    }

    private mutating func readExponent(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var index = start + 1
        var negative = false
        if index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            negative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        let first = index
        while index < end, bytes[index] &- 48 <= 9 {
            // Beyond this every double is zero or infinite.
            if exponent < 100_000 { exponent = exponent * 10 + Int(bytes[index] &- 48) }
            index += 1
        }
        guard index > first else {
            isValid = false
            return start
        }
        if negative { exponent = -exponent }
        isWhole = false
        return index
    }

    /// The number when it has no fraction and no exponent and fits.
    public var integer: Int64? {
        guard isValid, isWhole, digitCount <= 19 else { return nil }
        if isNegative {
            // "-0" is a double: an integer would lose its sign.
            if mantissa == 0 { return nil }
            guard mantissa <= 1 << 63 else { return nil }
            return Int64(truncatingIfNeeded: 0 &- mantissa)
        }
        return Int64(exactly: mantissa)
    }

    /// `integer`, or the same number written with a fraction of zeros where a double would change
    /// it; to be given what was read from `start` to `end`.
    public func whole(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int64? {
        if let integer { return integer }
        guard isValid, digitCount > 15 else { return nil }
        var point = start
        while point < end, bytes[point] != UInt8(ascii: ".") { point += 1 }
        guard point < end else { return nil }
        for index in (point + 1)..<end where bytes[index] != 48 { return nil }
        var scan = DecimalScan()
        _ = scan.read(bytes, from: start, to: point)
        guard let number = scan.integer, Int64(exactly: Double(number)) != number else {
            return nil
        }
        return number
    }

    /// Whether it is written with a point or an exponent.
    public var hasFractionOrExponent: Bool { !isWhole }

    /// Whether every digit is zero.
    public var isZero: Bool { isValid && digitCount == 0 }

    /// The number when it has no minus sign, fraction or exponent and fits.
    public var unsigned: UInt64? {
        guard isValid, isWhole, !isNegative, digitCount <= 20 else { return nil }
        guard digitCount == 20 else { return mantissa }
        let (tens, overflow) = mantissa.multipliedReportingOverflow(by: 10)
        guard !overflow else { return nil }
        let (sum, carry) = tens.addingReportingOverflow(UInt64(lastDigit))
        return carry ? nil : sum
    }

    /// The number times `factor`, which is positive, rounded to the nearest integer, halves away
    /// from zero; nil when that does not fit.
    ///
    /// Exact for numbers of up to 19 digits; further digits are cut off.
    public func integer(times factor: Int64) -> Int64? {
        guard isValid else { return nil }
        var product = UInt128(mantissa) * UInt128(factor.magnitude)
        var power = exponent - decimals + max(0, digitCount - 19)
        while power > 0, product != 0 {
            // Once too large it stays so, and another ten times still fit the wider type.
            guard product <= 1 << 63 else { return nil }
            product *= 10
            power -= 1
        }
        if power < -38 {
            product = 0
        } else if power < 0 {
            let divisor = (0..<(-power)).reduce(UInt128(1)) { power, _ in power * 10 }
            product = (product + divisor / 2) / divisor
        }
        return Int64(exactly: isNegative ? -Int128(product) : Int128(product))
    }

    /// The number that was read from `start` to `end`, correctly rounded.
    @inlinable
    public func double(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Double {
        if let exact = exactDouble { return exact }
        return slowDouble(bytes, start, end)
    }

    @usableFromInline
    var exactDouble: Double? {
        let power = exponent - decimals
        guard digitCount <= 19, mantissa <= 1 << 53, power >= -22, power <= 22 else { return nil }
        let whole = Double(mantissa)
        let magnitude =
            power < 0
            ? whole / DecimalScan.powersOfTen[-power] : whole * DecimalScan.powersOfTen[power]
        return isNegative ? -magnitude : magnitude
    }

    @usableFromInline
    func slowDouble(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Double {
        var text = ""
        text.reserveCapacity(end - start)
        for index in start..<end {
            text.unicodeScalars.append(Unicode.Scalar(bytes[index]))
        }
        // The text has the form of a decimal number, so this can only fail by a fault of ours.
        return Double(text) ?? .nan
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
