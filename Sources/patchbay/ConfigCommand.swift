import ArgumentParser
import HardwareConfiguration
import ResourcePools
import YAMLDocuments

/// `patchbay config`: configuration files, without looking at the machine.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Checks configuration files.",
        subcommands: [Check.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says everything that is wrong with a hardware configuration, or that nothing is.",
            discussion: "Takes the files of hwconfig/ and the config.json of sriov-network-device-plugin."
        )

        @Argument(help: ArgumentHelp("The file, YAML or JSON.", valueName: "file"))
        var path: String

        func run() throws {
            let file = try HardwareFile(forPerson: path)
            let parts = [counted(file.document.nics.count, "NIC declaration"), counted(file.pools.pools.count, "pool")]
            try Terminal.writeLines(["\(path) is right: \(parts.joined(separator: ", "))."])
        }
    }
}

/// `1 pool`, `2 pools`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension HardwareFile {
    /// Reads a file that a person named.
    ///
    /// - Throws: ``Complaint`` with one line for each problem.
    init(forPerson path: String) throws(Complaint) {
        do throws(HardwareFileError) {
            try self.init(path)
        } catch {
            throw Complaint(error.description.indentedBelowFirst)
        }
    }
}
