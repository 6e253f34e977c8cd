package import Addresses

/// What a plugin made, in the newest form of the specification.
///
/// Read from any version and written to any version; members nobody here has heard of are passed over.
///
/// - SeeAlso: CNI 1.1.0, "Success"
package struct CNIResult: Sendable, Equatable {
    /// An interface the plugin made, on the host or in the pod.
    package struct Interface: Sendable, Equatable {
        package var name: String
        /// As the plugin wrote it; empty for an interface without one.
        package var mac: String
        /// In bytes; 0 if the plugin did not say.
        package var mtu: UInt64
        /// The path of the namespace it is in; empty for one on the host.
        package var sandbox: String
        /// Of an interface that is a socket, such as vhost-user's; else empty.
        package var socketPath: String
        /// Of the device behind it, else empty.
        package var pciID: String

        package init(
            name: String,
            mac: String = "",
            mtu: UInt64 = 0,
            sandbox: String = "",
            socketPath: String = "",
            pciID: String = ""
        ) {
            self.name = name
            self.mac = mac
            self.mtu = mtu
            self.sandbox = sandbox
            self.socketPath = socketPath
            self.pciID = pciID
        }
    }

    /// An address the plugin gave.
    package struct Address: Sendable, Equatable {
        /// With its host bits.
        package var address: IPPrefix
        package var gateway: IPAddress?
        /// The place in ``CNIResult/interfaces``; `nil` if the plugin did not say, as IPAM plugins do not.
        package var interface: Int?

        package init(_ address: IPPrefix, gateway: IPAddress? = nil, interface: Int? = nil) {
            self.address = address
            self.gateway = gateway
            self.interface = interface
        }
    }

    /// A route the plugin made.
    package struct Route: Sendable, Equatable {
        package var destination: IPPrefix
        /// `nil` leaves the choice to who applies it.
        package var gateway: IPAddress?
        /// In bytes; 0 if unset.
        package var mtu: UInt64
        /// The maximal segment size to advertise, in bytes; 0 if unset.
        package var advmss: UInt64
        /// Lower comes first; 0 if unset.
        package var priority: UInt64
        package var table: UInt64?
        /// 0 global, 253 link, 254 host.
        package var scope: UInt64?

        package init(
            to destination: IPPrefix,
            gateway: IPAddress? = nil,
            mtu: UInt64 = 0,
            advmss: UInt64 = 0,
            priority: UInt64 = 0,
            table: UInt64? = nil,
            scope: UInt64? = nil
        ) {
            self.destination = destination
            self.gateway = gateway
            self.mtu = mtu
            self.advmss = advmss
            self.priority = priority
            self.table = table
            self.scope = scope
        }
    }

    /// What the pod is to resolve names with.
    package struct DNS: Sendable, Equatable {
        package var nameservers: [String] = []
        package var domain = ""
        package var search: [String] = []
        package var options: [String] = []

        package init() {}

        package var isEmpty: Bool { self == DNS() }
    }

    package var interfaces: [Interface]
    package var ips: [Address]
    package var routes: [Route]
    package var dns: DNS

    package init(
        interfaces: [Interface] = [],
        ips: [Address] = [],
        routes: [Route] = [],
        dns: DNS = DNS()
    ) {
        self.interfaces = interfaces
        self.ips = ips
        self.routes = routes
        self.dns = dns
    }
}
