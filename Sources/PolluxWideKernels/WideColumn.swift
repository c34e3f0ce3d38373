internal import PolluxKernels

/// Blocks in order, with what they have in common.
struct WideColumn {
    private let blocks: UnsafeBufferPointer<SumBlock>
    let factor: Int64
    private let divisor: WideDivisor

    @inline(__always)
    init(_ blocks: UnsafeBufferPointer<SumBlock>, factor: Int64, divisor: Double) {
        self.blocks = blocks
        self.factor = factor
        self.divisor = WideDivisor(divisor)
    }

    @inline(__always)
    func scaling<Scaling: WideScaling>(_ block: SumBlock, _: Scaling.Type) -> Scaling {
        Scaling(base: block.base, factor: factor, divisor: divisor)
    }

    @inline(__always)
    var count: Int { blocks.count }

    @inline(__always)
    subscript(_ index: Int) -> SumBlock {
        blocks.baseAddress.unsafelyUnwrapped[index]
    }

    @inline(__always)
    func forEach(_ body: (SumBlock) -> Void) {
        guard var place = blocks.baseAddress else { return }
        for _ in 0..<blocks.count {
            body(place.pointee)
            place += 1
        }
    }
}
