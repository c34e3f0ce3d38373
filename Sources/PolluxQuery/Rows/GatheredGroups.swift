import PolluxGraph
import PolluxModel

extension SliceRows {
    /// What a group has gathered: totals by aggregate and slice, merged or one per asset.
    struct Gathered {
        var name: String
        var asset: AssetID?
        var slices: [Slice]
        var totals: [[AggregateTotals]]
        /// Values per asset, for aggregates across assets; empty where there are none.
        var perAsset: [[[Double]]]
        var evaluators: [Evaluator]
        /// The assets that were merged.
        var subjects: [Subject]
        /// Where each slice of rows is, once an asset brought others than its group had.
        private var places: [TimeRange: Int]?

        init(
            name: String, asset: AssetID?, slices: [Slice], totals: [[AggregateTotals]],
            perAsset: [[[Double]]], evaluators: [Evaluator], subjects: [Subject]
        ) {
            self.name = name
            self.asset = asset
            self.slices = slices
            self.totals = totals
            self.perAsset = perAsset
            self.evaluators = evaluators
            self.subjects = subjects
        }

        /// Pools another asset; returns how many slices it brought that were not there.
        mutating func pool(_ part: Gathered) -> Int {
            evaluators += part.evaluators
            subjects += part.subjects
            var newCount = 0
            for (index, slice) in part.slices.enumerated() {
                if let known = place(of: slice, near: index) {
                    slices[known].addNotes(slice.notes)
                    for aggregate in part.totals.indices {
                        totals[aggregate][known].pool(part.totals[aggregate][index])
                    }
                    for aggregate in part.perAsset.indices {
                        perAsset[aggregate][known] += part.perAsset[aggregate][index]
                    }
                    continue
                }
                if slice.role == .row { places?[slice.whole] = slices.count }
                slices.append(slice)
                newCount += 1
                for aggregate in part.totals.indices {
                    totals[aggregate].append(part.totals[aggregate][index])
                }
                for aggregate in part.perAsset.indices {
                    perAsset[aggregate].append(part.perAsset[aggregate][index])
                }
            }
            return newCount
        }

        /// Most assets of a group have the same slices in the same order.
        private mutating func place(of slice: Slice, near index: Int) -> Int? {
            if slice.role == .ranking { return slices.lastIndex { $0.role == .ranking } }
            if slices.indices.contains(index), slices[index].role == .row,
                slices[index].whole == slice.whole
            {
                return index
            }
            if places == nil {
                var found: [TimeRange: Int] = [:]
                for (index, slice) in slices.enumerated() where slice.role == .row {
                    found[slice.whole] = found[slice.whole] ?? index
                }
                places = found
            }
            return places?[slice.whole]
        }

        /// With its slices in time order; assets of a group may bring different ones.
        var inOrder: Gathered {
            let order = slices.indices.sorted {
                slices[$0].whole.start < slices[$1].whole.start
            }
            return Gathered(
                name: name, asset: asset, slices: order.map { slices[$0] },
                totals: totals.map { totals in order.map { totals[$0] } },
                perAsset: perAsset.map { values in order.map { values[$0] } },
                evaluators: evaluators, subjects: subjects)
        }
    }

    /// What was gathered so far: one asset after the other, or groups by their names.
    struct GatheredGroups {
        private(set) var all: [Gathered] = []
        private var places: [String: Int] = [:]
        private var heldBytes = 0

        init() {}

        /// Adds an asset that is a group of its own.
        mutating func append(_ own: Gathered, holding bytes: Int, of question: Question) throws {
            heldBytes += bytes
            try question.hold(bytes)
            all.append(own)
        }

        /// Pools an asset with its group.
        ///
        /// - Parameters:
        ///   - bytes: what it goes on to hold beside its slices.
        ///   - perSlice: what each slice holds that the group did not have.
        mutating func merge(
            _ member: Gathered, holding bytes: Int, perSlice: Int, of question: Question
        ) throws {
            var newSlices = member.slices.count
            if let place = places[member.name] {
                newSlices = all[place].pool(member)
            } else {
                places[member.name] = all.count
                all.append(member)
            }
            heldBytes += bytes + newSlices * perSlice
            try question.hold(bytes + newSlices * perSlice)
        }

        /// Takes everything out, in time order each; what it held is the question's again.
        mutating func taken(from question: Question) -> [Gathered] {
            defer { release(to: question) }
            return all.map(\.inOrder)
        }

        /// Forgets everything; what it held is the question's again.
        mutating func release(to question: Question) {
            question.release(heldBytes)
            self = GatheredGroups()
        }
    }
}
