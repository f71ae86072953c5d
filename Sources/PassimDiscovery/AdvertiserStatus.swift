/// How advertising goes, for whoever looks.
package struct AdvertiserStatus: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        case stopped
        /// Nothing is to be advertised: the connection is metered.
        case paused
        /// There is no bus, no avahi-daemon, or it has failed; it is tried again. Why, in words.
        case waiting(String)
        /// avahi-daemon is there, and something keeps us from being found until somebody changes it. What, in words.
        case hindered(String)
        /// The names of the host or the service are being tried.
        case registering
        case advertising
    }

    package enum Means: Equatable, Sendable {
        /// Avahi's, one for each digest.
        case records
        /// Ours, to each question.
        case answers
    }

    package var state = State.stopped
    /// The means by which the digests are found.
    package var means = Means.records
    /// `Passim-` and four digits; another one where the network has it already.
    package var serviceName = ""
    /// Digests that are to be found.
    package var wanted = 0
    /// Digests that can be found.
    package var registered = 0
    /// Digests for which there is no room; the others of `wanted` are on their way.
    package var leftOut = 0
    /// Limits to raise for them: keys of avahi-daemon.conf, or of the system bus.
    package var remedies: [String] = []

    package init() {}
}
