/// Pages as tests compare them with what a terminal shows.
enum HTML {
    /// A page without its tags.
    static func text(_ page: String) -> String {
        var isTag = false
        return page.reduce(into: "") { text, character in
            if character == "<" { isTag = true }
            if !isTag { text.append(character) }
            if character == ">" { isTag = false }
        }
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += $1 == "<" ? "&lt;" : $1 == ">" ? "&gt;" : String($1) }
    }
}
