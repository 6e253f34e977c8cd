import Addresses
import Attachments
import CNI
import JSON
import PCI
import SRIOVPlugin
import Testing

@Suite struct SRIOVConfigurationTests {
    private func read(
        _ members: String,
        device: String = #""deviceID":"0000:01:10.0","#,
        arguments: String = ""
    ) throws -> SRIOVConfiguration {
        let text = #"{"cniVersion":"1.0.0","name":"data","type":"sriov",\#(device)"dns":{},\#(members)}"#
        return try SRIOVConfiguration(
            try JSONValue(parsing: text),
            arguments: try CNIArguments(parsing: arguments)
        )
    }

    @Test func `every key is read`() throws {
        let read = try read(
            #"""
            "vlan":100,"vlanQoS":3,"vlanProto":"802.1AD","mac":"02:00:00:00:00:AB","spoofchk":"on","trust":"off",
            "link_state":"auto","min_tx_rate":10,"max_tx_rate":200,"mtu":9000,"logLevel":"debug","logFile":"/tmp/x",
            "ipam":{"type":"static"},"capabilities":{"mac":true},"prevResult":{},"somebodyElse's":1
            """#
        )
        #expect(read.networkName == "data")
        #expect(read.version == .v1_0_0)
        #expect(read.device == PCIAddress("0000:01:10.0"))
        #expect(
            read.settings
                == FunctionSettings(
                    administrativeMAC: MACAddress("02:00:00:00:00:ab"),
                    vlan: VLANTag(identifier: 100, priority: 3, tagProtocol: .service),
                    checksSource: true,
                    isTrusted: false,
                    linkState: .auto
                )
        )
        #expect(read.minimumRateMbps == 10)
        #expect(read.maximumRateMbps == 200)
        #expect(read.mtu == 9000)
        #expect(read.ipamType == "static")
    }

    @Test func `keys that are not there change nothing`() throws {
        let read = try read(#""ipam":{}"#)
        #expect(read.settings.isEmpty)
        #expect(read.wanted(over: FunctionSettings(rate: RateLimits(minimumMbps: 5))).isEmpty)
        #expect(read.mtu == nil)
        #expect(read.ipamType == nil)
    }

    @Test func `empty texts and nulls count as absent`() throws {
        let read = try read(#""mac":"","spoofchk":"","trust":null,"link_state":"","vlanProto":"","vlan":null"#)
        #expect(read.settings.isEmpty)
    }

    @Test func `key names are taken in any letter case, their own first`() throws {
        #expect(try read(#""spoofChk":"off","VLAN":7"#).settings.checksSource == false)
        #expect(try read(#""VLAN":7"#).settings.vlan == VLANTag(identifier: 7))
        #expect(try read(#""VLAN":7,"vlan":8"#).settings.vlan == VLANTag(identifier: 8))
    }

    // Found value and reason stand in the message; the last two are of the dependency rules.
    @Test(arguments: [
        (#""vlan":4095"#, "vlan: 4095 is not within 0 to 4094"),
        (#""vlan":-1"#, "vlan: -1 is not within 0 to 4094"),
        (#""vlan":"7""#, "vlan: expected a whole number, found a string"),
        (#""vlan":7.0"#, "vlan: expected a whole number, found a number"),
        (#""vlan":7,"vlanQoS":8"#, "vlanQoS: 8 is not within 0 to 7"),
        (#""vlanQoS":3"#, "vlanQoS: needs vlan"),
        (#""vlan":0,"vlanQoS":3"#, "vlanQoS: 3 needs a vlan that is not 0"),
        (#""vlanProto":"802.1q""#, "vlanProto: needs vlan"),
        (#""vlan":0,"vlanProto":"802.1ad""#, "vlanProto: 802.1ad needs a vlan that is not 0"),
        (#""vlan":1,"vlanProto":"802.1x""#, #"vlanProto: "802.1x" is none of 802.1q, 802.1ad"#),
        (#""mac":"02:00:00:00:00""#, #"mac: "02:00:00:00:00" is no MAC address that an interface may have"#),
        (#""mac":"01:00:5e:00:00:01""#, #"mac: "01:00:5e:00:00:01" is no MAC address that an interface may have"#),
        (#""mac":"00:00:00:00:00:00""#, #"mac: "00:00:00:00:00:00" is no MAC address that an interface may have"#),
        (#""mac":5"#, "mac: expected a string, found a number"),
        (#""runtimeConfig":{"mac":5}"#, "runtimeConfig.mac: expected a string, found a number"),
        (#""runtimeConfig":[]"#, "runtimeConfig: expected an object, found a list"),
        (#""spoofchk":"yes""#, #"spoofchk: "yes" is neither on nor off"#),
        (#""trust":true"#, "trust: expected a string, found true or false"),
        (#""link_state":"up""#, #"link_state: "up" is none of auto, enable, disable"#),
        (#""max_tx_rate":-1"#, "max_tx_rate: -1 is not within 0 to 4294967295"),
        (#""min_tx_rate":20,"max_tx_rate":10"#, "min_tx_rate: 20 is above max_tx_rate 10"),
        (#""mtu":67"#, "mtu: 67 is not within 68 to 65535"),
        (#""logLevel":"loud""#, #"logLevel: "loud" is none of panic, error, warning, info, debug"#),
        (#""ipam":"static""#, "ipam: expected an object, found a string"),
        (#""ipam":{"type":5}"#, "ipam.type: expected a string, found a number"),
        (#""runtimeConfig":{"deviceID":"eth0"}"#, #"deviceID: "eth0" is no PCI address of the form 0000:01:10.0"#),
    ])
    func `a wrong value is error 7 with key and value`(members: String, reason: String) throws {
        let error = #expect(throws: CNIError.self) { try read(members) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasSuffix(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `all that is wrong is told at once`() throws {
        let error = #expect(throws: CNIError.self) { try read(#""vlan":5000,"trust":"maybe""#, device: "") }
        let message = error?.message ?? ""
        for part in ["deviceID: missing", "vlan: 5000", #"trust: "maybe""#] { #expect(message.contains(part)) }
    }

    @Test func `the runtime's address comes before CNI_ARGS before the configuration's`() throws {
        let configured = #""mac":"02:00:00:00:00:01""#
        let runtime = #","runtimeConfig":{"mac":"02:00:00:00:00:03"}"#
        let arguments = "IgnoreUnknown=1;MAC=02:00:00:00:00:02"
        #expect(try read(configured).settings.administrativeMAC == MACAddress("02:00:00:00:00:01"))
        #expect(
            try read(configured, arguments: arguments).settings.administrativeMAC == MACAddress("02:00:00:00:00:02")
        )
        #expect(
            try read(configured + runtime, arguments: arguments).settings.administrativeMAC
                == MACAddress("02:00:00:00:00:03")
        )
    }

    @Test func `the runtime's device comes before the configuration's`() throws {
        let read = try read(#""runtimeConfig":{"deviceID":"0000:01:10.2"}"#)
        #expect(read.device == PCIAddress("0000:01:10.2"))
    }

    @Test func `one rate alone leaves the other as it is`() throws {
        let present = FunctionSettings(rate: RateLimits(minimumMbps: 5, maximumMbps: 50))
        #expect(
            try read(#""max_tx_rate":100"#).wanted(over: present).rate
                == RateLimits(minimumMbps: 5, maximumMbps: 100)
        )
        #expect(
            try read(#""min_tx_rate":1"#).wanted(over: present).rate
                == RateLimits(minimumMbps: 1, maximumMbps: 50)
        )
        #expect(try read(#""max_tx_rate":0"#).wanted(over: FunctionSettings()).rate == RateLimits())
    }

    @Test func `an InfiniBand GUID is refused by name`() throws {
        let error = #expect(throws: CNIError.self) {
            try read(#""runtimeConfig":{"infinibandGUID":"c2:11:22:33:44:55:66:77"}"#)
        }
        #expect(error?.code == .unsupportedField)
        #expect(error?.message.contains("infinibandGUID") == true)
    }

    @Test func `a version not spoken here is error 1`() throws {
        let error = #expect(throws: CNIError.self) {
            try SRIOVConfiguration(["cniVersion": "9.0.0", "name": "n", "deviceID": "0000:01:10.0"])
        }
        #expect(error?.code == .incompatibleVersion)
    }
}
