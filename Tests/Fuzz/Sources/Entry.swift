/// The fuzzing program: libFuzzer gives it octets, and a target looks at what one of our readers makes of them.
///
///     PATCHBAY_FUZZ_TARGET=NAME fuzz [OPTION]… [CORPUS]…      see `FuzzTarget.all` for the names, libFuzzer for the rest
///
/// A finding is a trap, what AddressSanitizer reports, a leak, a time-out, or a claim of a target that does not hold.
@_cdecl("fuzz_main")
func fuzzMain(
    _ count: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var count = count
    var arguments = arguments
    guard FuzzTarget.chosen != nil else {
        print("PATCHBAY_FUZZ_TARGET must be one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        return 2
    }
    return runFuzzer(&count, &arguments) { octets, size in
        FuzzTarget.chosen?.look(Array(UnsafeBufferPointer(start: octets, count: size)))
        return 0
    }
}

/// libFuzzer's own entry point, for programs that have a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
