/// The stock command takes its options anywhere: `passim --next-reboot publish FILE`.
enum StockArguments {
    /// With what belongs to `publish` behind it.
    static func ordered(_ arguments: [String]) -> [String] {
        // Whatever comes behind it.
        if let first = arguments.first, first == "--version" || first == "-V" { return [first] }
        let options = arguments.prefix { $0 == "--next-reboot" }
        let rest = arguments.dropFirst(options.count)
        guard !options.isEmpty, rest.first == "publish" else { return arguments }
        return ["publish", "--next-reboot"] + rest.dropFirst()
    }
}
