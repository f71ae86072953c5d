internal import PassimTestKit

/// Something that somebody does to the daemons for a few seconds, and that must cost nobody else anything.
///
/// The others go on meanwhile, with checks of their own: every byte that they get is right, and nothing is refused them.
protocol Attack: Sendable {
    /// For the summary.
    var name: String { get }

    /// Attacks, checks what it alone can know, and takes back what it made. Ends by itself.
    func perform(_ random: inout SeededGenerator) throws
}
