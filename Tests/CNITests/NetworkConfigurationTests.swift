import CNI
import JSON
import Testing

@Suite struct NetworkConfigurationTests {
    @Test func `a single plugin's configuration becomes a list of one`() throws {
        let list = try NetworkConfigurationList([
            "cniVersion": "0.3.1", "name": "data", "type": "macvlan", "capabilities": ["mac": true, "ips": false],
        ])
        #expect(list.name == "data")
        #expect(list.version == .v0_3_1)
        #expect(list.wasSingle)
        #expect(list.plugins.map(\.type) == ["macvlan"])
        #expect(list.declares("mac"))
        #expect(!list.declares("ips"))
    }

    @Test func `a request carries everything that was written, number for number`() throws {
        let text =
            #"{"type":"x","big":12345678901234567890,"float":1.50e3,"nested":{"b":[null],"a":{}},"cniVersion":"1.0.0"}"#
        let list = try NetworkConfigurationList(try JSONValue(parsing: text), fallbackName: "data")
        let request = list.request(for: list.plugins[0])
        #expect(
            request.text
                == #"{"type":"x","big":12345678901234567890,"float":1.50e3,"nested":{"b":[null],"a":{}},"cniVersion":"1.0.0","name":"data"}"#
        )
    }

    @Test func `a request gets the list's name and version, the previous result, and declared capabilities only`()
        throws
    {
        let list = try NetworkConfigurationList([
            "cniVersion": "1.0.0", "name": "data",
            "plugins": [["type": "a", "cniVersion": "0.1.0", "capabilities": ["mac": true]], ["type": "b"]],
        ])
        let handed: JSONObject = ["mac": "02:00:00:00:00:01", "ips": ["10.0.0.1/8"]]
        let first = list.request(for: list.plugins[0], runtimeConfig: handed)
        #expect(first["cniVersion"] == "1.0.0")
        #expect(first["name"] == "data")
        #expect(first["runtimeConfig"] == ["mac": "02:00:00:00:00:01"])
        #expect(first["prevResult"] == nil)
        let second = list.request(for: list.plugins[1], previousResult: ["cniVersion": "1.0.0"], runtimeConfig: handed)
        #expect(second["runtimeConfig"] == nil)
        #expect(second["prevResult"] == ["cniVersion": "1.0.0"])
    }

    @Test func `the highest version offered and spoken is chosen`() throws {
        let list = try NetworkConfigurationList([
            "cniVersion": "0.4.0", "cniVersions": ["1.0.0", "3.0.0", "0.3.1"], "name": "data",
            "plugins": [["type": "a"]],
        ])
        #expect(list.version == .v1_0_0)
    }

    @Test func `a list that offers only unknown versions is refused with code 1`() {
        let error = #expect(throws: CNIError.self) {
            try NetworkConfigurationList(["cniVersions": ["3.0.0"], "name": "data", "plugins": [["type": "a"]]])
        }
        #expect(error?.code == .incompatibleVersion)
    }

    @Test func `what the document leaves out comes from the caller`() throws {
        let list = try NetworkConfigurationList(["type": "a"], fallbackName: "data", fallbackVersion: .v1_0_0)
        #expect(list.name == "data")
        #expect(list.version == .v1_0_0)
    }

    @Test func `truth values may be written as strings`() throws {
        let list = try NetworkConfigurationList([
            "name": "data", "disableCheck": "True", "disableGC": "FALSE", "plugins": [["type": "a"]],
        ])
        #expect(list.isCheckDisabled)
        #expect(!list.isGCDisabled)
    }

    @Test func `plugins of the network's folder come after the list's own, unless it says otherwise`() throws {
        let document: JSONValue = ["name": "data", "plugins": [["type": "a"]]]
        #expect(try NetworkConfigurationList.folder(of: document) == "data")
        let list = try NetworkConfigurationList(document, folderPlugins: [["type": "b"]])
        #expect(list.plugins.map(\.type) == ["a", "b"])

        let closed: JSONValue = ["name": "data", "loadOnlyInlinedPlugins": true, "plugins": [["type": "a"]]]
        #expect(try NetworkConfigurationList.folder(of: closed) == nil)
        #expect(try NetworkConfigurationList(closed, folderPlugins: [["type": "b"]]).plugins.map(\.type) == ["a"])
        #expect(try NetworkConfigurationList.folder(of: ["name": "data", "type": "a"]) == nil)
    }

    @Test(arguments: [
        #"[]"#, #"{"type":"a"}"#, #"{"name":"../x","type":"a"}"#, #"{"name":"-x","type":"a"}"#,
        #"{"name":1,"type":"a"}"#,
        #"{"name":"x"}"#, #"{"name":"x","plugins":[]}"#, #"{"name":"x","plugins":{}}"#, #"{"name":"x","plugins":[{}]}"#,
        #"{"name":"x","type":"../a"}"#, #"{"name":"x","type":".."}"#, #"{"name":"x","plugins":["a"]}"#,
        #"{"name":"x","type":"a","capabilities":["mac"]}"#, #"{"name":"x","type":"a","capabilities":{"mac":"yes"}}"#,
        #"{"name":"x","disableCheck":1,"type":"a"}"#, #"{"name":"x","cniVersion":1,"type":"a"}"#,
    ])
    func `a malformed configuration is refused with code 7`(text: String) throws {
        let value = try JSONValue(parsing: text)
        let error = #expect(throws: CNIError.self) { try NetworkConfigurationList(value) }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test func `arguments of the pod win over those of the configuration`() throws {
        let plugin = try NetworkConfiguration(["type": "a", "args": ["cni": ["x": 1, "y": 2], "other": 3]])
        let changed = try plugin.settingArguments(["y": 5, "z": 6])
        #expect(changed.object["args"] == ["cni": ["x": 1, "y": 5, "z": 6], "other": 3])
        #expect(try plugin.settingArguments([:]) == plugin)
    }

    @Test func `the IPAM plugin's type is read`() throws {
        #expect(try NetworkConfiguration(["type": "a", "ipam": ["type": "host-local"]]).ipamType == "host-local")
        #expect(try NetworkConfiguration(["type": "a", "ipam": [:]]).ipamType == nil)
    }
}
