import CCrypto
public import PolluxModel

/// One token as the server remembers it: never the secret, only its digest.
public struct AccessToken: Hashable, Sendable {
    /// What it is called in lists, in the change log and when it is revoked.
    public var name: String
    /// What its bearer may do.
    public var role: AccessRole
    /// SHA-256 (FIPS 180-4) of the secret, 32 bytes.
    public var digest: [UInt8]
    /// When it was made.
    public var created: Timestamp

    /// A token of a secret.
    init(name: String, role: AccessRole, secret: String, created: Timestamp) {
        self.name = name
        self.role = role
        self.digest = AccessToken.digest(of: secret)
        self.created = created
    }

    /// A new secret: `pollux_` and 256 random bits in base 64 for URLs (RFC 4648, section 5).
    ///
    /// Nobody guesses it, so a plain digest keeps it as well as a slow one would.
    static func makeSecret() -> String {
        var random = SystemRandomNumberGenerator()
        var digits: [UInt8] = []
        // 43 digits of 6 bits; the last of them carries 4.
        for place in 0..<43 {
            let bits = UInt8.random(in: 0..<64, using: &random)
            digits.append(alphabet[Int(place == 42 ? bits & 0b111100 : bits)])
        }
        return "pollux_" + String(decoding: digits, as: UTF8.self)
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// SHA-256 of a secret.
    static func digest(of secret: String) -> [UInt8] {
        var secret = secret
        return secret.withUTF8 { bytes in
            [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
                SHA256(bytes.baseAddress, bytes.count, buffer.baseAddress)
                count = Int(SHA256_DIGEST_LENGTH)
            }
        }
    }

    // MARK: Its line in the file

    /// `name role digest created`.
    var line: String {
        let digits = digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return "\(name) \(role.rawValue) \(digits.joined()) \(created)"
    }

    /// The token of a line, or nil when the line is none.
    init?(line: String) {
        let words = line.split(separator: " ")
        guard words.count == 4, AccessToken.isValid(name: words[0]),
            let role = AccessRole(rawValue: String(words[1])),
            let digest = AccessToken.bytes(hexadecimal: words[2].utf8), digest.count == 32,
            let (created, _) = Timestamp.parseRFC3339(words[3].utf8)
        else { return nil }
        name = String(words[0])
        self.role = role
        self.digest = digest
        self.created = created
    }

    /// Whether a name fits: 1 to 100 letters, digits, `-`, `_`, `.`.
    public static func isValid(name: some StringProtocol) -> Bool {
        (1...100).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func bytes(hexadecimal digits: Substring.UTF8View) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return bytes
    }
}
