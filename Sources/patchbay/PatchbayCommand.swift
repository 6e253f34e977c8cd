import ArgumentParser

@main
struct PatchbayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patchbay",
        abstract: "Shows and sets up the network hardware that Patchbay hands to pods.",
        subcommands: [
            NICsCommand.self, PoolsCommand.self, AttachmentsCommand.self, HardwareCommand.self, ConfigCommand.self,
        ]
    )
}

/// What a command could not do, for a person; the program ends with status 1.
struct Complaint: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
