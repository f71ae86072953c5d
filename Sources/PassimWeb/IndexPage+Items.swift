internal import PassimCore

extension IndexPage {
    /// - Parameter level: that of the heading.
    func writeItems(to main: inout HTMLWriter, level: HTMLTag) {
        let title = level == .h1 ? "Files of \(hostName)" : "Files"
        main.element(.div, HTMLAttribute(.class, "files")) { files in
            files.section("files", title, level: level, note: countSentence) { section in
                if total == 0 {
                    section.element(
                        .p, HTMLAttribute(.class, "lone"),
                        text: directories.isEmpty
                            ? "None. Programs such as fwupd may publish some, for a while and a number of downloads."
                            : "None can be fetched yet.")
                    return
                }
                writeSearch(to: &section)
                if items.isEmpty {
                    section.element(
                        .p, HTMLAttribute(.class, "lone"),
                        text: found == 0 ? "No file is like that." : "There are fewer pages.")
                    return writePages(to: &section)
                }
                writeList(to: &section)
                writePages(to: &section)
            }
        }
    }

    private func writeList(to section: inout HTMLWriter) {
        section.table("list stack", caption: caption) { head in
            head.columnHead("Name", [.name, .nameDescending], query)
            if hasSeveralOrigins { head.element(.th, HTMLAttribute(.scope, "col"), text: "From") }
            head.columnHead("Size", [.biggest, .smallest], query, isNumber: true)
            head.columnHead("Modified", [.newest, .oldest], query)
            head.element(.th, HTMLAttribute(.scope, "col"), text: "SHA-256")
        } rows: { body in
            for item in items { body.row(item, showsDirectory: hasSeveralOrigins) }
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
            form.element(.div, HTMLAttribute(.class, "wide")) { field in
                field.element(
                    .label, HTMLAttribute(.for, "q"), text: "Part of a name, or the first digits of a SHA-256"
                )
                field.void(
                    .input, HTMLAttribute(.type, "search"), HTMLAttribute(.id, "q"),
                    HTMLAttribute(.name, "q"),
                    HTMLAttribute(.maxlength, "\(PageQuery.longestSearch)"),
                    HTMLAttribute(.value, query.search))
            }
            if hasSeveralOrigins || !query.directory.isEmpty {
                form.choice("directory", "From", directoryChoices, chosen: query.directory)
            }
            form.choice(
                "sort", "Order", PageQuery.Sort.allCases.map { ($0.rawValue, $0.words) },
                chosen: query.sort.rawValue)
            form.element(.button, HTMLAttribute(.type, "submit"), text: "Search")
            if query.with({ $0.page = 1 }) != PageQuery() {
                form.element(
                    .a, HTMLAttribute(.class, "button"), HTMLAttribute(.href, PageQuery().href), text: "Clear"
                )
            }
        }
    }

    private var directoryChoices: [(value: String, text: String)] {
        var choices = [("", "everywhere")] + directories.map { ($0.dropIn, "\($0.path) (\($0.dropIn))") }
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
        let all = HumanText.count(total, "file")
        return isFiltered ? "\(HumanText.count(found)) of \(all)" : all
    }

    private var caption: String {
        let first = HumanText.count(query.offset + 1)
        let last = HumanText.count(query.offset + items.count)
        return "Files \(first) to \(last) of \(HumanText.count(found)), \(query.sort.words)"
    }

    private var pageCount: Int { max(1, (found + PageQuery.pageSize - 1) / PageQuery.pageSize) }

    private func writePages(to section: inout HTMLWriter) {
        guard pageCount > 1 || query.page > 1 else { return }
        let last = pageCount
        section.element(.nav, HTMLAttribute(.class, "pages"), HTMLAttribute(.ariaLabel, "Pages of files")) {
            nav in
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

extension HTMLWriter {
    fileprivate mutating func row(_ item: ListedItem, showsDirectory: Bool) {
        element(.tr) { row in
            row.headCell { cell in
                cell.element(.a, HTMLAttribute(.href, item.href)) { $0.name(item.path.shortened) }
                if !item.isServed { cell.text(" (not served now)") }
            }
            if showsDirectory { row.cell("from") { $0.name(item.directory) } }
            row.number(ByteCount(item.entry.identity.size).description)
            row.element(.td, HTMLAttribute(.class, "nowrap")) {
                $0.time(item.entry.identity.modified.seconds)
            }
            row.element(.td) {
                $0.element(.code, HTMLAttribute(.class, "digest"), text: item.entry.digest.hex)
            }
        }
    }

    /// The head of a column that can be sorted by: a link to the first of its orders, or to the other one of it.
    fileprivate mutating func columnHead(
        _ title: String, _ orders: [PageQuery.Sort], _ query: PageQuery, isNumber: Bool = false
    ) {
        let isChosen = orders.contains(query.sort)
        let direction = query.sort.isDescending ? "descending" : "ascending"
        element(
            .th, HTMLAttribute(.scope, "col"), HTMLAttribute(.ariaSort, isChosen ? direction : "none"),
            HTMLAttribute(.class, isNumber ? "n" : "t")
        ) { head in
            let target = isChosen ? query.sort.turned : orders[0]
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
        element(.div) { field in
            field.element(.label, HTMLAttribute(.for, name), text: label)
            field.element(.select, HTMLAttribute(.id, name), HTMLAttribute(.name, name)) { select in
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
