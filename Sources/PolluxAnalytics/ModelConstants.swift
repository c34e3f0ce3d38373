/// Every number that the models were fixed with: one set for all series.
///
/// A test compares these against a recorded copy, so that changing one without re-running the score
/// table fails. Changing any of them raises the version of the model it belongs to.
public enum ModelConstants {
    /// Scores are −log10 of a probability and stop here.
    public static let scoreCap = 6.0
    /// The alarm level that is used unless a budget sets one.
    public static let alarmLevel = 2.3
    /// No budget lowers the alarm level below this.
    public static let alarmLevelFloor = 2.0

    /// The share of surprises that the tail models.
    static let tailShare = 0.02
    /// Excesses that the tail remembers.
    static let tailMemory = 400.0
    /// The largest shape of the tail.
    static let tailShapeLimit = 0.45
    /// How fast the tail's threshold moves, in mean excesses.
    static let tailGain = 3.0

    /// Surprises before the tail starts: while a memory fills, everything is new.
    static let tailStart = 100.0
    /// The mean excess that the tail starts from, in spreads.
    static let tailStartMean = 0.5
    /// The excesses that this start counts for.
    static let tailStartCount = 5.0
    /// Larger surprises are learned as this one: a catastrophe must not make the next one usual.
    static let surpriseCap = 10.0

    /// Points after an alarm during which only a clearly higher score passes.
    static let holdCount = 100
    /// How much higher a score must be to pass during the hold.
    static let holdFactor = 1.25
    /// What is left of the scores that do not pass.
    static let holdDamping = 0.4

    /// Values that each of NOVELTY-3's memories holds.
    static let memoryCount = 64
    /// Points of the window whose mean the change is measured against.
    static let changeWindow = 48
    /// Points of the window whose spread is watched.
    static let spreadWindow = 3
    /// Points before the first score.
    public static let warmUpCount = 300
    /// Points that the robust spread remembers.
    static let spreadMemory = 4000.0
    /// Where an update of the robust spread is clipped, in its own units.
    static let spreadClip = 4.0
    /// The share of the range below which the spread is not believed.
    static let rangeFloor = 0.02
    /// A value nearer than this many spreads to a remembered one is not remembered.
    static let rememberSpread = 0.02
    /// A value nearer than this share of the mean spacing is not remembered.
    static let rememberSpacing = 0.5

    /// How a steady tail's threshold moves, in mean excesses.
    static let steadyTailGain = 0.05
    /// The mean excess that a steady tail's threshold moves by at least, in scales.
    static let steadyTailMean = 0.1

    /// Parts that CYCLE-BAND cuts the day into.
    public static let dayBinCount = 144
    /// Keys whose means CYCLE-BAND holds; the one not visited longest makes room.
    public static let cycleKeyCount = 2048
    /// Visits of a key before it counts.
    public static let cycleVisitCount = 2
    /// The least weight of a visit in the mean of its key.
    static let cycleWeight = 0.3
    /// Where the update of a mean is clipped, in scales.
    static let cycleUpdateClip = 3.0
    /// The weight of a residual in the scale.
    static let cycleScaleWeight = 0.002
    /// Where a residual is clipped on its way into the scale, in scales.
    static let cycleScaleClip = 6.0
    /// The scale must be below this share of the residuals without keys: the gate.
    static let cycleGate = 0.3
    /// The threshold that the tail of a cycle starts from, in scales.
    static let cycleTailStart = 4.0
    /// A stay in one key of work counts as another visit after this long, in nanoseconds.
    public static let cycleStay: Int64 = 600_000_000_000
    /// How long before a range the time of day begins to be learned, in nanoseconds: two weeks.
    public static let seasonalReach: Int64 = 14 * 86_400_000_000_000

    /// Equal values in a row from which a sensor can be stuck.
    static let stuckCount = 30
    /// A run of equal values is a fault when it is less likely than this.
    static let stuckProbability = 1e-6
    /// A gap is this many expected intervals.
    static let gapFactor = 5.0
    /// A spike is this many mean steps.
    static let spikeFactor = 6.0
    /// A spike returns to within this share of its height.
    static let spikeReturn = 0.3
    /// Steps that the sensor's habits remember.
    static let healthMemory = 1000.0
    /// Intervals before gaps are judged, and steps before spikes are.
    static let healthWarmUp = 30

    /// Tool factors on the grid of TOOL-LIFE.
    static let toolGridCount = 97
    /// Half the width of the grid, in standard deviations of ln life.
    static let toolGridReach = 4.0
    /// The exponent of wear over damage.
    static let wearExponent = 1.3
    /// The mean share of the limit that is worn off at once.
    static let breakInMean = 0.25
    /// The standard deviation of that share.
    static let breakInDeviation = 0.20
    /// How much that share wanders over one life.
    static let breakInProcess = 0.30
    /// The noise of a wear reading, in limits.
    static let readingNoise = 0.06
    /// The noise of a soft sensor's reading, in limits.
    static let softReadingNoise = 0.12
    /// The ridge of the law.
    static let lawRidge = 0.001
    /// The standard deviation of ln life that a prior is believed with.
    static let priorDeviation = 0.5
    /// Closed tools from which the plant's own history replaces the prior level.
    static let priorOverrideCount = 3
    /// The weight of a prior level against one closed tool.
    static let priorLevelWeight = 0.25
    /// Degrees of freedom that the deviation of a prior counts for.
    static let deviationPriorCount = 2.0
    /// The residual deviation of ln life expected before there is history.
    static let deviationPrior = 0.3
}
