/// Which run of the kernel this is, and on which machine.
package enum Boot {
    /// A UUID the kernel makes at each boot, lower case.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package static func id() throws(SystemError) -> String {
        try Attribute.read("/proc/sys/kernel/random/boot_id")
    }

    /// The host's name as the kernel knows it, which in a container is the container's.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package static func hostName() throws(SystemError) -> String {
        try Attribute.read("/proc/sys/kernel/hostname")
    }
}
