/// Says if the daemon answers mDNS questions for digests by itself: `Responder=`.
package enum Responder: String, CaseIterable, Sendable {
    /// When there are more digests than Avahi can hold.
    case auto
    case never
    case always
}
