internal import PassimCore

extension IndexPage {
    func writeItems(to main: inout HTMLWriter) {
        main.section("files", "Files") { section in
            if total == 0 {
                section.element(.p, text: "No file is shared.")
                return
            }
            writeSearch(to: &section)
            section.element(.p, text: countSentence)
            if items.isEmpty { return writePages(to: &section) }
            section.table(caption: caption) { head in
                head.columnHead("File", .name, query)
                if hasSeveralOrigins { head.element(.th, HTMLAttribute(.scope, "col"), text: "Directory") }
                head.columnHead("Size", .size, query)
                head.columnHead("Modified", .modified, query)
                head.element(.th, HTMLAttribute(.scope, "col"), text: "SHA-256")
            } rows: { body in
                for item in items { body.row(item, showsDirectory: hasSeveralOrigins) }
            }
            writePages(to: &section)
        }
    }

    private var hasSeveralOrigins: Bool { directories.count + (published.files > 0 ? 1 : 0) > 1 }

    // MARK: - What is asked for

    private func writeSearch(to section: inout HTMLWriter) {
        section.element(
            .form, HTMLAttribute(.method, "get"), HTMLAttribute(.action, "/#files"),
            HTMLAttribute(.role, "search")
        ) { form in
            form.newline()
            form.element(.label, HTMLAttribute(.for, "q"), text: "Name or beginning of the SHA-256")
            form.void(
                .input, HTMLAttribute(.type, "search"), HTMLAttribute(.id, "q"), HTMLAttribute(.name, "q"),
                HTMLAttribute(.maxlength, "\(PageQuery.longestSearch)"),
                HTMLAttribute(.value, query.search))
            if hasSeveralOrigins || !query.directory.isEmpty {
                form.choice(
                    "directory", "Directory", directoryChoices, chosen: query.directory)
            }
            form.choice(
                "sort", "Order", PageQuery.Sort.allCases.map { ($0.rawValue, $0.words) },
                chosen: query.sort.rawValue)
            form.element(.button, HTMLAttribute(.type, "submit"), text: "Show")
            if query.with({ $0.page = 1 }) != PageQuery() { form.link(PageQuery().href, "Show all") }
        }
    }

    private var directoryChoices: [(value: String, text: String)] {
        var choices = [("", "all")] + directories.map { ($0.dropIn, "\($0.path) (\($0.dropIn))") }
        if published.files > 0 || query.directory == PageQuery.published {
            choices.append((PageQuery.published, "published files"))
        }
        // One that was removed meanwhile.
        if !choices.contains(where: { $0.0 == query.directory }) {
            choices.append((query.directory, query.directory))
        }
        return choices
    }

    // MARK: - What was found

    private var isFiltered: Bool { !query.search.isEmpty || !query.directory.isEmpty }

    private var countSentence: String {
        let all = total == 1 ? "1 file is shared." : "\(HumanText.count(total)) files are shared."
        guard isFiltered else { return all }
        return found == 0
            ? "None of them is what you look for. \(all)"
            : "\(HumanText.count(found)) found. \(all)"
    }

    private var caption: String {
        let first = HumanText.count(query.offset + 1)
        let last = HumanText.count(query.offset + items.count)
        return "Files \(first) to \(last) of \(HumanText.count(found)), \(query.sort.caption)"
    }

    private var pageCount: Int { max(1, (found + PageQuery.pageSize - 1) / PageQuery.pageSize) }

    private func writePages(to section: inout HTMLWriter) {
        guard pageCount > 1 || query.page > 1 else { return }
        let last = pageCount
        section.element(.nav, HTMLAttribute(.ariaLabel, "Pages of files")) { nav in
            nav.element(.ul) { list in
                list.page("First", 1, query, isThere: query.page > 1)
                list.page("Previous", min(query.page - 1, last), query, isThere: query.page > 1)
                list.element(.li) { item in
                    item.element(
                        .span, HTMLAttribute(.ariaCurrent, "page"),
                        text: "Page \(HumanText.count(query.page)) of \(HumanText.count(last))")
                }
                list.page("Next", query.page + 1, query, isThere: query.page < last)
                list.page("Last", last, query, isThere: query.page != last)
            }
            guard last > 2 else { return }
            writeJump(to: &nav, last: last)
        }
    }

    private func writeJump(to nav: inout HTMLWriter, last: Int) {
        nav.element(.form, HTMLAttribute(.method, "get"), HTMLAttribute(.action, "/#files")) { form in
            for (name, value) in [
                ("q", query.search), ("directory", query.directory), ("sort", query.sort.rawValue),
            ] where !value.isEmpty {
                form.void(
                    .input, HTMLAttribute(.type, "hidden"), HTMLAttribute(.name, name),
                    HTMLAttribute(.value, value))
            }
            form.element(.label, HTMLAttribute(.for, "page"), text: "Page")
            form.void(
                .input, HTMLAttribute(.type, "number"), HTMLAttribute(.id, "page"),
                HTMLAttribute(.name, "page"), HTMLAttribute(.min, "1"), HTMLAttribute(.max, "\(last)"),
                HTMLAttribute(.value, "\(query.page)"))
            form.element(.button, HTMLAttribute(.type, "submit"), text: "Go")
        }
    }
}

extension PageQuery.Sort {
    fileprivate var caption: String {
        switch self {
        case .none: "in the order they are kept in"
        case .name: "by name"
        case .nameDescending: "by name, from the last"
        default: words
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func row(_ item: ListedItem, showsDirectory: Bool) {
        element(.tr) { row in
            row.headCell { cell in
                cell.element(.a, HTMLAttribute(.href, item.href)) { $0.name(item.path) }
                if !item.isServed { cell.text(" (not served now)") }
            }
            if showsDirectory { row.cell("Directory") { $0.name(item.directory) } }
            row.number("Size", HumanText.size(bytes: item.entry.identity.size))
            row.cell("Modified") { $0.time(item.entry.identity.modified.seconds) }
            row.element(
                .td, HTMLAttribute(.class, "digest"), HTMLAttribute(.dataLabel, "SHA-256"),
                text: item.entry.digest.hex)
        }
    }

    /// The head of a column that can be sorted by: a link to that order, or to the other direction of it.
    fileprivate mutating func columnHead(_ title: String, _ sort: PageQuery.Sort, _ query: PageQuery) {
        let isChosen = query.sort == sort || query.sort == sort.turned
        let direction = query.sort.isDescending ? "descending" : "ascending"
        element(
            .th, HTMLAttribute(.scope, "col"), HTMLAttribute(.ariaSort, isChosen ? direction : "none")
        ) { head in
            let target = isChosen ? query.sort.turned : sort
            head.link(
                query.with {
                    $0.sort = target
                    $0.page = 1
                }.href, title)
            if isChosen { head.text(query.sort.isDescending ? " ↓" : " ↑") }
        }
    }

    fileprivate mutating func choice(
        _ name: String, _ label: String, _ choices: [(value: String, text: String)], chosen: String
    ) {
        element(.label, HTMLAttribute(.for, name), text: label)
        element(.select, HTMLAttribute(.id, name), HTMLAttribute(.name, name)) { select in
            for (value, text) in choices {
                if value == chosen {
                    select.element(
                        .option, HTMLAttribute(.value, value), HTMLAttribute(.selected, ""), text: text)
                } else {
                    select.element(.option, HTMLAttribute(.value, value), text: text)
                }
            }
        }
    }

    fileprivate mutating func page(_ title: String, _ number: Int, _ query: PageQuery, isThere: Bool) {
        element(.li) { item in
            if isThere {
                item.link(query.with { $0.page = number }.href, title)
            } else {
                item.element(.span, HTMLAttribute(.class, "quiet"), text: title)
            }
        }
    }
}
