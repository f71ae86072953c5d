internal import PassimCore
internal import PassimTestKit

/// Has the attacks happen: those of one deck one after another, each as often as the others.
final class Attacks: Sendable {
    private let decks: [Deck]
    private let counts: Lock<SoakCounts>

    /// Attacks that begin at one host.
    private struct Deck: Sendable {
        var name: String
        var place: ClientPlace
        var attacks: [any Attack]
        /// Those that are left of this turn, as places in `attacks`.
        let left = Lock<[Int]>([])
    }

    init(_ hosts: SoakHosts, _ disturbances: Disturbances, _ counts: Lock<SoakCounts>) throws {
        self.counts = counts
        let rough = try RoughDirectory(hosts)
        decks = [
            Deck(
                name: "attacks from the network", place: hosts.attacker,
                attacks: try [
                    HandshakeAttack(hosts), AuditLogAttack(hosts, counts), LiarAttack(hosts),
                    QuestionAttack(hosts), ComingInterface(hosts),
                ]),
            Deck(
                name: "attacks by local users", place: hosts.onMirror,
                attacks: try [
                    BusAttack(hosts, disturbances), LookupAttack(hosts), PageAttack(hosts),
                    HangingDisk(hosts, counts), StalledLog(hosts),
                ]),
            Deck(
                name: "attacks by whoever fills a mirror", place: hosts.onMirror,
                attacks: try [
                    LeasedFiles(rough), UnreadableFiles(rough), ChangingModes(rough), RewrittenFile(rough),
                    HugeFile(rough),
                ]),
        ]
    }

    /// In the order of the summary.
    var names: [String] { decks.flatMap { $0.attacks.map(\.name) } }

    func start(_ random: inout SeededGenerator) throws -> [LoopThread] {
        try decks.map { deck in
            try LoopThread(deck.name, at: deck.place, seed: random.next(), pause: 100_000..<1_500_000) {
                [self] random in
                let attack = next(of: deck, &random)
                do {
                    try attack.perform(&random)
                } catch {
                    throw TestFailure("\(attack.name): \(error)")
                }
                counts.withLock { $0.attacks[attack.name, default: 0] += 1 }
            }
        }
    }

    private func next(of deck: Deck, _ random: inout SeededGenerator) -> any Attack {
        deck.left.withLock { left in
            if left.isEmpty { left = Array(deck.attacks.indices).shuffled(using: &random) }
            return deck.attacks[left.removeLast()]
        }
    }
}
