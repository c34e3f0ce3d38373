import Foundation
import PolluxModel

/// The physics of one simulated CNC machine: jobs of parts, cuts, Taylor tool wear, a warming
/// spindle, tool changes when the wear limit is reached and spindle swaps after long use.
///
/// Deterministic: the same seed and the same ticks give the same bytes. Tool life follows the
/// extended Taylor law T = C · V^(-1/n) · f^(-0.6) · d^(-0.15) (minutes; V in m/min, f in mm/rev,
/// d in mm) times a factor of the individual tool.
struct SimulatedMachine {
    /// What the machine does at the moment.
    enum State: String {
        case idle, setup, cutting
        case toolChange = "tool-change"
    }

    /// One kind of part: its cutting conditions and times.
    struct Program {
        var name: String
        var cutSeconds: Double
        var idleSeconds: Double
        var cuttingSpeed: Double
        var feed: Double
        var depth: Double
    }

    /// An occurrence that is published as an event and not as a point.
    enum Occurrence {
        case toolChange(tool: String, previous: String)
        case jobStart(name: String, program: String)
        case jobEnd(name: String)
        case spindleMounted(String)
    }

    static let programs = [
        Program(
            name: "O1001", cutSeconds: 46, idleSeconds: 9, cuttingSpeed: 180, feed: 0.12, depth: 1.2
        ),
        Program(
            name: "O1002", cutSeconds: 71, idleSeconds: 12, cuttingSpeed: 210, feed: 0.10,
            depth: 0.8),
        Program(
            name: "O1003", cutSeconds: 33, idleSeconds: 7, cuttingSpeed: 160, feed: 0.16, depth: 1.6
        ),
    ]
    /// Diameter of every tool in millimetres; rpm follows from the cutting speed.
    static let toolDiameter = 10.0
    /// Flank wear in millimetres at which the tool is changed (ISO 8688-2).
    static let wearLimit = 0.3

    let name: String
    private var random: SplitMix64
    private(set) var state = State.idle
    private(set) var rpm = 0.0
    private(set) var vibration = 0.2
    private(set) var spindleTemperature = 24.0
    private(set) var load = 0.0
    private(set) var power = 0.6
    private(set) var coolantTemperature = 21.0
    private(set) var coolantFlow = 0.0
    private(set) var position = SIMD3<Double>(0, 0, 0)
    private(set) var parts: Int64 = 0
    private(set) var wear = 0.0
    private(set) var program: Program
    private(set) var jobName = ""
    private(set) var toolName = ""
    private(set) var spindleName = ""

    private var jobNumber: Int
    private var partsLeft = 0
    private var secondsLeft = 0.0
    private var toolNumber: Int
    private var toolFactor = 1.0
    private var breakIn = 0.25
    private var damage = 0.0
    private var spindleNumber: Int
    private var spindleSeconds = 0.0
    private var spindleRoughness = 0.5
    private var faultSecondsLeft = 0.0
    private var walk = 0.0
    private var isStarted = false

    /// A machine standing still with a new tool and a new spindle.
    init(name: String, index: Int, seed: UInt64) {
        self.name = name
        random = SplitMix64(state: seed &* 0x9E37_79B9 &+ UInt64(index) &* 0xD1B5_4A32_D192_ED03)
        program = SimulatedMachine.programs[index % SimulatedMachine.programs.count]
        jobNumber = 40 + index * 100
        toolNumber = 10 + index * 100
        spindleNumber = 6 + index * 10
    }

    /// Whether metal is being cut now.
    var isCutting: Bool { state == .cutting }

    /// Cutting speed in m/min while cutting, else 0.
    var cuttingSpeed: Double { isCutting ? program.cuttingSpeed : 0 }

    /// Moves time on by `seconds` and returns what happened on the way.
    mutating func advance(seconds: Double) -> [Occurrence] {
        var occurrences: [Occurrence] = []
        if !isStarted {
            isStarted = true
            occurrences.append(mountSpindle())
            occurrences.append(mountTool())
            occurrences.append(startJob())
        }
        secondsLeft -= seconds
        if secondsLeft <= 0 { occurrences += enterNextState() }
        wearTool(seconds)
        moveSignals(seconds)
        return occurrences
    }

    private mutating func enterNextState() -> [Occurrence] {
        switch state {
        case .cutting:
            parts += 1
            partsLeft -= 1
            if wear >= SimulatedMachine.wearLimit {
                enter(.toolChange, seconds: 20)
                return [mountTool()]
            }
            if partsLeft <= 0 {
                var occurrences = [Occurrence.jobEnd(name: jobName)]
                enter(.setup, seconds: 40 + 40 * random.unit())
                if spindleSeconds > 6 * 3600 { occurrences.append(mountSpindle()) }
                occurrences.append(startJob())
                return occurrences
            }
            enter(.idle, seconds: program.idleSeconds * (0.8 + 0.4 * random.unit()))
        case .idle, .setup, .toolChange:
            enter(.cutting, seconds: program.cutSeconds * (0.97 + 0.06 * random.unit()))
        }
        return []
    }

    private mutating func enter(_ next: State, seconds: Double) {
        state = next
        secondsLeft = seconds
    }

    private mutating func startJob() -> Occurrence {
        jobNumber += 1
        jobName = "J\(jobNumber)"
        program =
            SimulatedMachine.programs[
                Int(random.next() % UInt64(SimulatedMachine.programs.count))]
        partsLeft = 8 + Int(random.next() % 12)
        return .jobStart(name: jobName, program: program.name)
    }

    private mutating func mountTool() -> Occurrence {
        let previous = toolName
        toolNumber += 1
        toolName = "T-\(toolNumber)"
        toolFactor = exp(0.2 * random.normal())
        breakIn = 0.2 + 0.1 * random.unit()
        damage = 0
        wear = 0
        return .toolChange(tool: toolName, previous: previous)
    }

    private mutating func mountSpindle() -> Occurrence {
        spindleNumber += 1
        spindleName = "SP-\(spindleNumber)"
        spindleSeconds = 0
        spindleRoughness = 0.4 + 0.3 * random.unit()
        return .spindleMounted(spindleName)
    }

    /// Life in minutes of cut by the extended Taylor law, C chosen for about 25 minutes.
    static func taylorLife(cuttingSpeed: Double, feed: Double, depth: Double) -> Double {
        exp(24.0 - 4 * log(cuttingSpeed) - 0.6 * log(feed) - 0.15 * log(depth) - 1.25)
    }

    private mutating func wearTool(_ seconds: Double) {
        guard isCutting else { return }
        let life = SimulatedMachine.taylorLife(
            cuttingSpeed: program.cuttingSpeed, feed: program.feed, depth: program.depth)
        damage += seconds / 60 / (life * toolFactor)
        wear =
            SimulatedMachine.wearLimit
            * (breakIn * (1 - exp(-damage * 12)) + (1 - breakIn) * pow(damage, 1.3))
        spindleSeconds += seconds
    }

    private mutating func moveSignals(_ seconds: Double) {
        let quick = 1 - exp(-seconds / 1.5)
        let slow = 1 - exp(-seconds / 240)
        let targetRpm =
            isCutting ? program.cuttingSpeed * 1000 / (.pi * SimulatedMachine.toolDiameter) : 0
        rpm += (targetRpm - rpm) * quick
        if rpm < 1 { rpm = 0 }
        walk = walk * 0.98 + 0.02 * random.normal()
        if faultSecondsLeft > 0 {
            faultSecondsLeft -= seconds
        } else if isCutting, random.unit() < seconds / 5400 {
            faultSecondsLeft = 40 + 60 * random.unit()
        }
        let worn = wear / SimulatedMachine.wearLimit
        let cutting = isCutting ? 1.0 : 0.0
        let targetLoad =
            cutting * (22 + 30 * program.depth * program.feed / 0.12 * (1 + 0.3 * worn))
        load += (targetLoad + 1.5 * random.normal() * cutting - load) * quick
        let fault = faultSecondsLeft > 0 ? 5.5 : 0
        let targetVibration =
            0.15 + cutting * (spindleRoughness + 0.9 + 1.6 * worn * worn + fault) + 0.4 * walk
        vibration += (targetVibration - vibration) * quick
        vibration = max(0.02, vibration + 0.04 * random.normal())
        spindleTemperature += ((24 + 0.55 * load + rpm / 900) - spindleTemperature) * slow
        power += ((0.6 + 0.11 * load + rpm / 9000) - power) * quick
        coolantFlow += (cutting * 12 - coolantFlow) * quick
        coolantTemperature += ((21 + 0.06 * load) - coolantTemperature) * slow
        if isCutting {
            let feedRate = program.feed * rpm / 60
            position.x = (position.x + feedRate * seconds).truncatingRemainder(dividingBy: 300)
            position.y = 80 + 60 * sin(position.x / 40)
            position.z = -program.depth
        } else {
            position.z += (50 - position.z) * quick
        }
    }

    /// A small measurement error added to a reading.
    mutating func noise(_ deviation: Double) -> Double { deviation * random.normal() }
}

/// A deterministic random source: SplitMix64 by Steele, Lea and Flood (2014).
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A double in [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A normally distributed double (sum of twelve uniforms).
    mutating func normal() -> Double {
        var sum = -6.0
        for _ in 0..<12 { sum += unit() }
        return sum
    }
}
