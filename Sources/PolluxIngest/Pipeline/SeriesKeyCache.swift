import PolluxModel

/// A series that a key and a field name stand for.
struct KnownSeries: Hashable, Sendable {
    var id: SeriesID
    var kind: ValueKind
    /// How the source's numbers become numbers in the measure's unit; nil when they are in it.
    var conversion: Unit.Conversion?

    /// The value as the series holds it, in the measure's unit; nil when that would lose something.
    func value(_ decoded: DecodedValue) -> Value? {
        guard let conversion else { return decoded.converted(to: kind) }
        switch (decoded, kind) {
        case (.gone, _), (_, .text), (_, .boolean): return decoded.converted(to: kind)
        case (_, .float):
            guard case .float(let number)? = decoded.converted(to: .float) else { return nil }
            return .float(conversion(number))
        case (_, .integer):
            guard case .float(let number)? = decoded.converted(to: .float) else { return nil }
            return Int64(exactly: conversion(number)).map { .integer($0) }
        }
    }
}

/// From the raw bytes of a series key, and of a field's name, to the series; bounded.
///
/// Two generations hold the entries: when the younger is full it becomes the older and the oldest
/// entries go; an entry that is used moves to the younger one. Keys are compared as they were
/// written, so the same part with its tags in another order is another entry of the same series.
struct SeriesKeyCache: Sendable {
    /// What is known of one key.
    struct Entry: Sendable {
        let key: [UInt8]
        let hash: UInt64
        /// The asset, for its facts.
        let asset: AssetID
        /// Whether the key carries attributes or the name of an item, which can change.
        let hasFacts: Bool
        fileprivate var names: [[UInt8]]
        fileprivate var series: [Held]
    }

    /// A series as it is held: a plant has a million of these, and few ways of converting.
    fileprivate struct Held: Sendable {
        var id: SeriesID
        var kind: ValueKind
        /// The place of the conversion in `conversions` plus one; 0 for none.
        var conversion: UInt16
    }

    private struct Generation: Sendable {
        /// Indexes into `entries` plus one, by hash; 0 is free and the count a power of two.
        var slots: [UInt32] = Array(repeating: 0, count: 64)
        var entries: [Entry] = []

        func find(_ hash: UInt64, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                let index = Int(slots[slot]) - 1
                if entries[index].hash == hash,
                    SeriesKeyCache.equal(entries[index].key, bytes, start, end)
                {
                    return index
                }
                slot = (slot + 1) & mask
            }
            return nil
        }

        /// Whether an entry is that of a key.
        @inline(__always)
        func holds(_ index: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
            SeriesKeyCache.equal(entries[index].key, bytes, start, end)
        }

        mutating func insert(_ entry: Entry) -> Int {
            if (entries.count + 1) * 2 > slots.count { grow() }
            entries.append(entry)
            place(entries.count - 1)
            return entries.count - 1
        }

        private mutating func place(_ index: Int) {
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index + 1)
        }

        private mutating func grow() {
            slots = Array(repeating: 0, count: slots.count * 2)
            for index in entries.indices { place(index) }
        }
    }

    private var young = Generation()
    private var old = Generation()
    /// The entry of the key that was looked up last.
    private var previous = -1
    /// Names of fields, which are few.
    private var names: Set<[UInt8]> = []
    /// The names of the entry made last: those of the next one are mostly the same.
    private var recentNames: [[UInt8]] = []
    /// The conversions that series have.
    private var conversions: [Unit.Conversion] = []
    private let capacity: Int
    private let seed: UInt64
    /// Which key last spoke for an asset whose attributes or mount its keys carry.
    private var speakers: [AssetID: UInt64] = [:]

    /// A cache for about `capacity` keys.
    init(capacity: Int) {
        self.capacity = max(64, capacity)
        // A seed of chance, so that nobody can choose keys that collide.
        seed = UInt64.random(in: .min ... .max)
    }

    /// Number of keys remembered.
    var count: Int { young.entries.count + old.entries.count }

    /// Forgets everything.
    mutating func removeAll() {
        young = Generation()
        old = Generation()
        speakers = [:]
        recentNames = []
        conversions = []
    }

    /// The entry of a key; its number is valid until the next `find` or `insert`.
    mutating func find(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        // Sources repeat their lines in one order: the key that followed last time follows again.
        let expected = previous &+ 1
        if expected < young.entries.count, young.holds(expected, bytes, start, end) {
            previous = expected
            return expected
        }
        let found = search(bytes, start, end)
        previous = found ?? -1
        return found
    }

    private mutating func search(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        let hash = hash(bytes, start, end)
        if let index = young.find(hash, bytes, start, end) { return index }
        guard let index = old.find(hash, bytes, start, end) else { return nil }
        makeRoom()
        // `makeRoom` may have dropped the generation the entry was found in.
        guard index < old.entries.count, old.entries[index].hash == hash else { return nil }
        return young.insert(old.entries[index])
    }

    /// Whether the key of an entry spoke last for its asset, or has nothing to say.
    ///
    /// - Parameter hasFacts: whether facts wait for the commit, so that others may speak last.
    func isCurrent(_ entry: Int, while hasFacts: Bool) -> Bool {
        guard young.entries[entry].hasFacts else { return true }
        return !hasFacts && speakers[young.entries[entry].asset] == young.entries[entry].hash
    }

    /// The series of a field; `hint` is where it is expected among the fields.
    @inline(__always)
    func series(
        _ entry: Int, hint: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int
    ) -> KnownSeries? {
        if hint < young.entries[entry].names.count,
            SeriesKeyCache.equal(young.entries[entry].names[hint], bytes, start, end)
        {
            return known(young.entries[entry].series[hint])
        }
        let names = young.entries[entry].names
        for index in names.indices where SeriesKeyCache.equal(names[index], bytes, start, end) {
            return known(young.entries[entry].series[index])
        }
        return nil
    }

    @inline(__always)
    private func known(_ held: Held) -> KnownSeries {
        guard held.conversion > 0 else { return KnownSeries(id: held.id, kind: held.kind) }
        return KnownSeries(
            id: held.id, kind: held.kind, conversion: conversions[Int(held.conversion) - 1])
    }

    /// A series as it is held; nil when there are more conversions than can be told apart.
    private mutating func held(_ known: KnownSeries) -> Held? {
        guard let conversion = known.conversion else {
            return Held(id: known.id, kind: known.kind, conversion: 0)
        }
        let place: Int
        if let found = conversions.firstIndex(of: conversion) {
            place = found
        } else {
            guard conversions.count < Int(UInt16.max) else { return nil }
            conversions.append(conversion)
            place = conversions.count - 1
        }
        return Held(id: known.id, kind: known.kind, conversion: UInt16(place + 1))
    }

    /// Remembers series of a key; called only after the commit that made them.
    mutating func insert(
        key: [UInt8], asset: AssetID, hasFacts: Bool, series: [(name: [UInt8], known: KnownSeries)]
    ) {
        let index: Int
        if let found = find(key.span, 0, key.count) {
            index = found
        } else {
            makeRoom()
            index = young.insert(
                Entry(
                    key: key, hash: hash(key.span, 0, key.count), asset: asset, hasFacts: hasFacts,
                    names: [], series: []))
        }
        if young.entries[index].names.isEmpty {
            // Exactly as much as is needed: a plant has a million of these.
            young.entries[index].names.reserveCapacity(series.count)
            young.entries[index].series.reserveCapacity(series.count)
        }
        for (name, known) in series {
            guard let held = held(known) else { continue }
            if let place = young.entries[index].names.firstIndex(of: name) {
                young.entries[index].series[place] = held
            } else if young.entries[index].names.count < 4096 {
                young.entries[index].names.append(shared(name))
                young.entries[index].series.append(held)
            }
        }
        if young.entries[index].names == recentNames {
            young.entries[index].names = recentNames
        } else {
            recentNames = young.entries[index].names
        }
        if hasFacts { speakers[asset] = young.entries[index].hash }
    }

    /// A name in memory that all entries share which have it.
    private mutating func shared(_ name: [UInt8]) -> [UInt8] {
        if let known = names.firstIndex(of: name) { return names[known] }
        if names.count < 4_096 { names.insert(name) }
        return name
    }

    private mutating func makeRoom() {
        guard young.entries.count >= capacity / 2 else { return }
        old = young
        young = Generation()
        if speakers.count > capacity { speakers = [:] }
    }

    @inline(__always)
    private static func equal(
        _ key: [UInt8], _ bytes: Span<UInt8>, _ start: Int, _ end: Int
    ) -> Bool {
        guard key.count == end - start, start >= 0, end <= bytes.count else { return false }
        // Eight bytes at a time, all inside the two.
        return key.withUnsafeBytes { key in
            bytes.withUnsafeBytes { bytes in
                var index = 0
                while index &+ 8 <= key.count {
                    guard
                        key.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                            == bytes.loadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
                    else { return false }
                    index &+= 8
                }
                while index < key.count {
                    guard key[index] == bytes[start &+ index] else { return false }
                    index &+= 1
                }
                return true
            }
        }
    }

    /// A seeded hash, eight bytes at a time, folded by a wide product.
    private func hash(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: end - start)
        var index = start
        while index < end {
            var word: UInt64 = 0
            let stop = min(index + 8, end)
            while index < stop {
                word = word << 8 | UInt64(bytes[index])
                index += 1
            }
            let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            state = product.high ^ product.low &+ 0xD1B5_4A32_D192_ED03
        }
        let product = state.multipliedFullWidth(by: 0xD1B5_4A32_D192_ED03)
        return product.high ^ product.low
    }
}
