/// Another machine of the network that offers to serve by digest, as it calls itself.
package struct Neighbour: Hashable, Sendable {
    /// The name of its service: `Passim-` and four digits, or whatever it likes.
    package var name: String
    /// The name of its host; empty where it does not say.
    package var host: String
    package var peer: Peer

    package init(name: String, host: String, peer: Peer) {
        self.name = name
        self.host = host
        self.peer = peer
    }
}
