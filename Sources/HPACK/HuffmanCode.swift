import Bytes

/// Huffman coding of header strings.
///
/// - SeeAlso: RFC 7541 §5.2
enum HuffmanCode {
    /// The length of `string` once coded, in octets.
    static func encodedLength(_ string: [UInt8]) -> Int {
        var bits = 0
        for octet in string { bits += Int(HuffmanTable.lengths[Int(octet)]) }
        return (bits + 7) / 8
    }

    /// Appends `string` coded, padded with ones.
    static func encode(_ string: [UInt8], to writer: inout ByteWriter) {
        var pending: UInt64 = 0
        var count = 0
        for octet in string {
            let length = Int(HuffmanTable.lengths[Int(octet)])
            pending = pending << UInt64(length) | UInt64(HuffmanTable.codes[Int(octet)])
            count += length
            while count >= 8 {
                count -= 8
                writer.write(UInt8(truncatingIfNeeded: pending >> UInt64(count)))
            }
        }
        guard count > 0 else { return }
        let padding = 8 - count
        writer.write(UInt8(truncatingIfNeeded: pending << UInt64(padding) | (1 << UInt64(padding) - 1)))
    }

    /// The string that `coded` stands for.
    ///
    /// - Throws: ``HPACKError/endOfStringSymbol`` or ``HPACKError/huffmanPadding``.
    static func decode(_ coded: [UInt8]) throws(HPACKError) -> [UInt8] {
        let steps = Decoding.steps
        var string: [UInt8] = []
        string.reserveCapacity(coded.count * 8 / 5 + 1)
        var state = 0
        var mayEnd = true
        for octet in coded {
            let high = steps[state << 4 | Int(octet >> 4)]
            if high.emits { string.append(high.symbol) }
            let low = steps[Int(high.next) << 4 | Int(octet & 0xf)]
            if low.emits { string.append(low.symbol) }
            if high.isFailure || low.isFailure { throw .endOfStringSymbol }
            state = Int(low.next)
            mayEnd = low.mayEnd
        }
        guard mayEnd else { throw .huffmanPadding }
        return string
    }

    /// What four bits do to a decoder that stands at a node of the code tree.
    private struct Step {
        var next: UInt8 = 0
        var symbol: UInt8 = 0
        var emits = false
        /// The bits since the last symbol are legal padding: at most 7, all ones.
        var mayEnd = false
        var isFailure = false
    }

    /// The code tree, and from it one step for each of its 256 inner nodes and each nibble.
    private enum Decoding {
        static let steps: [Step] = makeSteps()

        /// An inner node: where a 0 and a 1 lead, as a node's number or, below zero, as `-1 - symbol`.
        private struct Node {
            var zero = 0
            var one = 0
            var isPadding = false
        }

        private static func makeSteps() -> [Step] {
            let tree = makeTree()
            var steps: [Step] = []
            steps.reserveCapacity(tree.count * 16)
            for start in tree.indices {
                for nibble in 0..<16 { steps.append(walk(tree, from: start, nibble: nibble)) }
            }
            return steps
        }

        private static func makeTree() -> [Node] {
            var tree = [Node(isPadding: true)]
            for symbol in HuffmanTable.codes.indices {
                let code = HuffmanTable.codes[symbol]
                var node = 0
                for depth in 1...Int(HuffmanTable.lengths[symbol]) {
                    let isLast = depth == Int(HuffmanTable.lengths[symbol])
                    let isOne = code >> (UInt32(HuffmanTable.lengths[symbol]) - UInt32(depth)) & 1 == 1
                    var child = isOne ? tree[node].one : tree[node].zero
                    if isLast {
                        child = -1 - symbol
                    } else if child == 0 {
                        child = tree.count
                        tree.append(Node(isPadding: tree[node].isPadding && isOne && depth <= 7))
                    }
                    if isOne { tree[node].one = child } else { tree[node].zero = child }
                    node = max(child, 0)
                }
            }
            return tree
        }

        private static func walk(_ tree: [Node], from start: Int, nibble: Int) -> Step {
            var step = Step()
            var node = start
            for bit in (0..<4).reversed() {
                let child = nibble >> bit & 1 == 1 ? tree[node].one : tree[node].zero
                if child >= 0 {
                    node = child
                } else if child == -1 - 256 {
                    step.isFailure = true
                    return step
                } else {
                    step.emits = true
                    step.symbol = UInt8(truncatingIfNeeded: -1 - child)
                    node = 0
                }
            }
            step.next = UInt8(truncatingIfNeeded: node)
            step.mayEnd = tree[node].isPadding
            return step
        }
    }
}
