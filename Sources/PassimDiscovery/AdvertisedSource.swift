package import PassimCore

/// The digests that are to be advertised, for whoever asks: called on the advertiser's threads, at any time.
package protocol AdvertisedSource: Sendable {
    /// How many digests there are, told at once; may be too many by some that are not to be found.
    var count: Int { get }

    /// The same when all files have been read that wait for it: by what will be, not by what is there in the first
    /// seconds of a large mirror, the way is chosen in which digests are found.
    var expectedCount: Int { get }

    /// - Parameter limit: at most so many are wanted.
    /// - Returns: digests, newest first, and how many there are altogether.
    func newest(limit: Int) -> (newest: [Digest], total: Int)

    /// True if a digest that begins so is to be found. Asked for each question of the network.
    func contains(_ prefix: DigestPrefix) -> Bool
}
