/// Files of one directory to compare with the index and with their stamps.
struct BatchJob {
    let block: NameBlock
    var tries: UInt8 = 0

    var walk: Walk { block.directory.walk }
}
