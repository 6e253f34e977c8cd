package import Protobuf

/// A NUMA node; node 0 is a message of no bytes that is there all the same.
package struct NUMANode: ProtobufMessage {
    package var id: Int64 = 0

    package init() {}

    package init(id: Int64) {
        self.id = id
    }

    package mutating func merge(_ field: Field) {
        switch field.number {
        case 1: field.read(into: &id)
        default: break
        }
    }

    package func write(to writer: inout MessageWriter) {
        writer.write(1, id)
    }
}

/// Near which NUMA nodes a device or a piece of memory is.
///
/// The device plugin API and the pod-resources API each define it, with the same fields.
package struct TopologyInfo: ProtobufMessage {
    package var nodes: [NUMANode] = []

    package init() {}

    package init(nodes: [NUMANode]) {
        self.nodes = nodes
    }

    package mutating func merge(_ field: Field) throws(ProtobufError) {
        switch field.number {
        case 1: try field.append(to: &nodes)
        default: break
        }
    }

    package func write(to writer: inout MessageWriter) {
        writer.write(1, nodes)
    }
}

/// A device in the naming of the Container Device Interface, `vendor.com/class=name`.
package struct CDIDevice: ProtobufMessage {
    package var name: String = ""

    package init() {}

    package init(name: String) {
        self.name = name
    }

    package mutating func merge(_ field: Field) throws(ProtobufError) {
        switch field.number {
        case 1: try field.read(into: &name)
        default: break
        }
    }

    package func write(to writer: inout MessageWriter) {
        writer.write(1, name)
    }
}
