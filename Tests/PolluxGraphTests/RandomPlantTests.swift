import PolluxGraph
import PolluxKeyValue
import PolluxModel
import PolluxTestKit
import Testing

/// Where things are, minute by minute, in plain arrays: the obvious way to say what moves mean.
struct SlowPlant {
    static let minutes = 60

    /// One thing: what holds it at each minute, and the minutes at which a stay was recorded.
    struct Thing {
        var holder = [String?](repeating: nil, count: SlowPlant.minutes)
        var starts = Set<Int>()
        var end = SlowPlant.minutes
    }

    var things: [String: Thing] = [:]
    /// The holders that take one thing at a time.
    var single = Set<String>()

    /// The end of the stay that holds a thing at a minute.
    func endOfStay(_ name: String, _ minute: Int) -> Int {
        guard let thing = things[name] else { return minute }
        var end = minute
        while end < SlowPlant.minutes, thing.holder[end] == thing.holder[minute],
            end == minute || !thing.starts.contains(end)
        {
            end += 1
        }
        return end
    }

    mutating func leave(_ name: String, _ minute: Int) {
        guard var thing = things[name], thing.holder[minute] != nil else { return }
        for index in minute..<endOfStay(name, minute) { thing.holder[index] = nil }
        thing.starts.remove(minute)
        things[name] = thing
    }

    mutating func move(_ name: String, to holder: String, _ minute: Int) {
        guard minute < (things[name]?.end ?? 0) else { return }
        leave(name, minute)
        guard var thing = things[name] else { return }
        var end = thing.starts.filter { $0 > minute }.min() ?? SlowPlant.minutes
        if single.contains(holder) {
            for (other, stay) in things where other != name {
                if stay.holder[minute] == holder { leave(other, minute) }
                for start in stay.starts
                where start > minute && stay.holder[start] == holder {
                    end = min(end, start)
                }
            }
        }
        for index in minute..<end { thing.holder[index] = holder }
        thing.starts.insert(minute)
        // Stays in one place that touch are one.
        if minute > 0, thing.holder[minute - 1] == holder { thing.starts.remove(minute) }
        if end < SlowPlant.minutes, thing.holder[end] == holder { thing.starts.remove(end) }
        things[name] = thing
    }

    func holder(of name: String, _ minute: Int) -> String? {
        guard let thing = things[name], minute < thing.end else { return nil }
        return thing.holder[minute]
    }

    /// The things in a place at a minute.
    func held(in place: String, _ minute: Int) -> Set<String> {
        Set(things.keys.filter { holder(of: $0, minute) == place })
    }
}

/// Moves and mounts at random, in any order of time, against the slow plant.
@Suite struct RandomPlantTests {
    private static let machines = ["M1", "M2", "M3"]
    private static let lines = ["L1", "L2"]
    private static let spindles = ["S1", "S2", "S3", "S4"]
    private static let axes = ["A1", "A2", "A3"]

    private static func minute(_ minute: Int) -> Timestamp {
        Plant.at("10:00").advanced(by: Int64(minute) * 60_000_000_000)
    }

    private static func make() throws -> (Plant, SlowPlant) {
        let plant = try Plant()
        var slow = SlowPlant()
        try plant.write { transaction in
            _ = try plant.graph.declareType(
                TypeDeclaration(
                    name: "axis", plural: "axes", settings: [Attribute("single", .boolean(false))]),
                by: plant.by, in: transaction)
        }
        for line in lines { try plant.create("line", line) }
        for machine in machines { try plant.create("machine", machine) }
        for spindle in spindles { try plant.create("spindle", spindle) }
        for axis in axes { try plant.create("axis", axis) }
        for name in machines + spindles + axes { slow.things[name] = SlowPlant.Thing() }
        slow.single = Set(machines.map { $0 + "/spindle" })
        return (plant, slow)
    }

    /// What one step does to both plants, in words.
    private static func change(
        _ plant: Plant, _ slow: inout SlowPlant, using seed: inout Seed
    ) throws -> String {
        let at = Int.random(in: 0..<SlowPlant.minutes, using: &seed)
        func pick(_ names: [String], _ seed: inout Seed) -> String {
            names[Int.random(in: 0..<names.count, using: &seed)]
        }
        let kind = Int.random(in: 0..<12, using: &seed)
        let name: String
        let target: String
        let holder: String
        switch kind {
        case 0...5:
            (name, target) = (pick(spindles, &seed), pick(machines, &seed))
            holder = target + "/spindle"
        case 6...7:
            (name, target) = (pick(axes, &seed), pick(machines, &seed))
            holder = target + "/axis"
        case 8...9:
            (name, target) = (pick(machines, &seed), pick(lines, &seed))
            holder = target
        case 10:
            let detached = pick(spindles + axes + machines, &seed)
            let id = try #require(plant.ids[detached])
            try plant.write { try plant.graph.detach(id, at: minute(at), by: plant.by, in: $0) }
            slow.leave(detached, at)
            return "detach \(detached) at \(at)"
        default:
            let retired = pick(spindles, &seed)
            let end = max(1, at)
            let id = try #require(plant.ids[retired])
            try plant.write { try plant.graph.retire(id, at: minute(end), by: plant.by, in: $0) }
            slow.things[retired]?.end = end
            return "retire \(retired) at \(end)"
        }
        if at >= slow.things[name]?.end ?? 0 {
            #expect(throws: GraphError.self) {
                try plant.move(name, to: target, minute(at))
            }
        } else {
            try plant.move(name, to: target, minute(at))
            slow.move(name, to: holder, at)
        }
        return "move \(name) to \(target) at \(at)"
    }

    /// Who is found at each minute by a path.
    private static func found(
        _ plant: Plant, _ type: String, of container: String, asOf: Timestamp? = nil
    ) throws -> [Set<String>] {
        try plant.read { transaction in
            let id = try #require(plant.ids[container])
            let path = GraphPath(
                steps: [
                    try plant.step(type, every: true, in: transaction),
                    PathStep(type: nil, names: .assets([id])),
                ], links: [.of])
            let range = TimeRange(start: minute(0), end: minute(SlowPlant.minutes))
            let resolution = try plant.graph.resolve(
                path, during: range, asOf: asOf, in: transaction)
            var found = [Set<String>](repeating: [], count: SlowPlant.minutes)
            for piece in resolution.pieces {
                let name = try plant.graph.displayName(of: piece.subject, in: transaction)
                for index in 0..<SlowPlant.minutes where piece.range.contains(minute(index)) {
                    #expect(!found[index].contains(name), "\(name) twice at \(index)")
                    found[index].insert(name)
                }
            }
            return found
        }
    }

    /// Who should be found: the items in the place of a type, or the empty place.
    private static func expected(
        _ slow: SlowPlant, _ type: String, of machine: String, places: Set<String>, _ minute: Int
    ) -> Set<String> {
        let place = machine + "/" + type
        let held = slow.held(in: place, minute)
        return held.isEmpty && places.contains(place) ? [place] : held
    }

    private static func places(of plant: Plant) throws -> Set<String> {
        try plant.read { transaction in
            var places = Set<String>()
            var unnamed: [AssetID] = []
            try plant.graph.forEachAsset(in: transaction) { asset in
                if asset.name.isEmpty { unnamed.append(asset.id) }
                return true
            }
            for id in unnamed {
                places.insert(try plant.graph.displayName(of: id, in: transaction))
            }
            return places
        }
    }

    private static func compare(_ plant: Plant, _ slow: SlowPlant, _ story: String) throws {
        let places = try places(of: plant)
        let minutes = 0..<SlowPlant.minutes
        for type in ["spindle", "axis"] {
            for machine in machines {
                let wanted = minutes.map {
                    expected(slow, type, of: machine, places: places, $0)
                }
                #expect(try found(plant, type, of: machine) == wanted, "\(story): \(machine)")
                let instant = SlowPlant.minutes / 2
                let frozen = try found(plant, type, of: machine, asOf: minute(instant))
                #expect(frozen.allSatisfy { $0 == wanted[instant] }, "\(story): as of")
            }
            for line in lines {
                let wanted = minutes.map { minute in
                    slow.held(in: line, minute).reduce(into: Set<String>()) { all, machine in
                        all.formUnion(
                            expected(slow, type, of: machine, places: places, minute))
                    }
                }
                #expect(try found(plant, type, of: line) == wanted, "\(story): \(line)")
            }
        }
        try compareContainers(plant, slow, story)
    }

    private static func compareContainers(
        _ plant: Plant, _ slow: SlowPlant, _ story: String
    ) throws {
        try plant.read { transaction in
            let range = TimeRange(start: minute(0), end: minute(SlowPlant.minutes))
            for name in spindles + axes {
                let id = try #require(plant.ids[name])
                let containers = try plant.graph.containers(
                    of: id, during: range, in: transaction)
                var found = [[String]](repeating: [], count: SlowPlant.minutes)
                for piece in containers {
                    let text = try plant.graph.displayName(of: piece.asset, in: transaction)
                    for index in 0..<SlowPlant.minutes
                    where piece.range.contains(minute(index)) {
                        found[index].append(text)
                    }
                }
                let life = slow.things[name]?.end ?? 0
                for index in 0..<life {
                    var wanted: [String] = []
                    if let place = slow.holder(of: name, index) {
                        let machine = String(place.prefix(2))
                        wanted = [place, machine]
                        if let line = slow.holder(of: machine, index) { wanted.append(line) }
                    }
                    #expect(found[index] == wanted, "\(story): \(name) at \(index)")
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func movesInAnyOrderOfTimeMeanTheSame(_ number: UInt64) throws {
        var seed = Seed(number)
        var (plant, slow) = try RandomPlantTests.make()
        var story: [String] = []
        for step in 1...40 {
            story.append(try RandomPlantTests.change(plant, &slow, using: &seed))
            if step % 5 == 0 {
                let text = "seed \(number), " + story.joined(separator: "; ")
                try RandomPlantTests.compare(plant, slow, text)
            }
        }
    }
}
