internal import CLinux
internal import Glibc

/// Opens /dev/null for those of the descriptors 0, 1 and 2 that are closed: else the next file or socket that is
/// opened would get the number, and with it what is meant for standard error, say. One thread, at the start.
package func openStandardStreams() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
        // The lowest number that is free: those below are open.
        _ = Glibc.open("/dev/null", O_RDWR)
    }
}
