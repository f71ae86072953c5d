internal import CLinux
internal import Glibc

/// Makes the calling thread yield to the others of this machine by `steps` (1–19) of nice(2).
///
/// On Linux, against POSIX, setpriority(2) of "process" 0 is the calling thread only.
package func lowerThisThreadsPriority(by steps: Int) {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, CInt(steps))
}
