internal import CLinux
internal import Glibc

/// A standard stream, and what is at its end.
package enum StandardStream: CInt, Sendable {
    case output = 1
    case errors = 2

    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// nil where it is no terminal, or does not say.
    package var columns: Int? {
        let columns = Int(clinux_terminal_columns(rawValue))
        return columns > 0 ? columns : nil
    }

    /// Another descriptor of the same (dup(2)).
    package func open() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying(.dup) { dup(rawValue) })
    }
}
