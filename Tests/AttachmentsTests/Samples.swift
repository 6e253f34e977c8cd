import Addresses
import Attachments
import JSON
import PCI
import Testing

/// A VF of the lab as it is before any pod has it.
enum Sample {
    static let bootID = "7b0f6a52-30a5-4f0c-9d1f-2f4a0ce4d1a1"
    static let otherBootID = "00000000-30a5-4f0c-9d1f-2f4a0ce4d1a1"

    static func address(_ text: String = "0000:01:10.0") throws -> PCIAddress { try #require(PCIAddress(text)) }

    static func interface(_ name: String = "enp1s16", mac: String = "52:54:00:00:00:10", mtu: Int = 1500) throws
        -> FunctionInterface
    {
        FunctionInterface(
            name: name,
            alternativeNames: ["enp1s0f0v0"],
            mac: try #require(MACAddress(mac)),
            mtu: mtu
        )
    }

    static let settings = FunctionSettings(
        administrativeMAC: .zero,
        vlan: VLANTag.none,
        checksSource: true,
        isTrusted: false,
        rate: RateLimits()
    )

    static func state() throws -> FunctionState { FunctionState(interface: try interface(), settings: settings) }

    static func function() throws -> FunctionRecord {
        FunctionRecord(
            address: try address(),
            physicalFunction: try address("0000:01:00.0"),
            virtualFunctionIndex: 0,
            driver: FunctionDriver(rawValue: "igbvf"),
            originals: try state()
        )
    }

    static func journal() throws -> Journal {
        Journal(
            containerID: "4f1d",
            sandbox: Sandbox(
                path: "/var/run/netns/cni-1",
                identity: NamespaceIdentity(device: 4, inode: 4_026_532_201)
            ),
            bootID: bootID,
            pod: PodIdentity(namespace: "default", name: "samplepod", uid: "2c6a"),
            operation: Operation(command: "ADD", processGroup: 812, startTime: 4711),
            release: "0.1.0",
            attachments: [
                AttachmentRecord(
                    id: 0,
                    network: "default/left",
                    networkName: "left",
                    interfaceName: "net1",
                    cniVersion: "1.0.0",
                    configuration: #"{ "type":"sriov",  "vlan": 1e1 }"#,
                    resourceName: "example.com/left",
                    deviceID: "0000:01:10.0",
                    runtimeConfig: ["mac": "02:00:00:00:00:01"],
                    cniArguments: "K8S_POD_NAME=samplepod",
                    kind: .function(try function()),
                    result: ["cniVersion": "1.0.0", "interfaces": [["name": "net1"]]]
                ),
                AttachmentRecord(
                    id: 1,
                    network: "default/macvlan",
                    networkName: "macvlan",
                    interfaceName: "net2",
                    cniVersion: "0.3.1",
                    configuration: "{}",
                    kind: .delegate
                ),
            ]
        )
    }

    /// The owner that the first attachment makes, with parts replaced.
    static func owner(
        containerID: String = "4f1d",
        interfaceName: String = "net1",
        inode: UInt64 = 4_026_532_201,
        bootID: String = bootID,
        podUID: String = "2c6a",
        function: String = "0000:01:10.0"
    ) throws -> Owner {
        Owner(
            function: try address(function),
            containerID: containerID,
            interfaceName: interfaceName,
            namespace: NamespaceIdentity(device: 4, inode: inode),
            bootID: bootID,
            podUID: podUID,
            podLabel: "default/samplepod"
        )
    }
}
