/// Where checksums are kept between runs.
package enum ChecksumPlace: Sendable {
    /// In the files' extended attributes, and in the store where those cannot be written.
    case attributes
    /// In the store only: nothing is written in a user's directory. Valid stamps there are still read.
    case storeOnly
}
