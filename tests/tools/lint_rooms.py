"""Rules for the folders of lib/ as a whole: files of different rooms do not need each other in a circle, and no folder is
larger than one can keep in mind."""

import os
import re

LIMIT_FOLDER_LINES = 6500
INCLUDE = re.compile(r'^[ \t]*#\s*include\s+"([^"]+)"', re.M)


def room_of(path):
    """lib/ops/states/state.h -> ops; a header of lib/ itself is a room of its own."""
    return path.split("/")[1]


def graph_of(texts):
    """lib/x/y (y.c and y.h are one thing) -> what it includes, and by which line."""
    edges = {}
    for path, text in texts.items():
        node = edges.setdefault(path[:-2], {})
        for match in INCLUDE.finditer(text):
            target = "lib/" + match.group(1)
            if target in texts and target[:-2] != path[:-2]:
                node.setdefault(target[:-2], (path, text.count("\n", 0, match.start()) + 1))
    return edges


def components(edges):
    """Strongly connected components, Tarjan's algorithm without recursion."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            following = next((t for t in targets if t not in index or t in on_stack), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    found.append(stack[cut:])
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
            elif following in index:
                low[node] = min(low[node], index[following])
            else:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(sorted(edges[following]))))
    return found


def check_cycles(texts):
    edges = graph_of(texts)
    for nodes in components(edges):
        if len({room_of(n) for n in nodes}) < 2:
            continue
        for node in sorted(nodes):
            for target, (path, line) in sorted(edges[node].items()):
                if target in nodes and room_of(target) != room_of(node):
                    yield path, line, f"a circle of files of different rooms: {', '.join(sorted(nodes))}"


def is_on_the_map(folder, map_text):
    """Whether the row of the folder's room names it: lib/sql/parse by `parse/ somewhere behind | `sql/` |."""
    room, _, name = folder[len("lib/") :].partition("/")
    row = re.search(rf"^\|[^|]*\| `{room}/` \|(.*)", map_text, re.M)
    return row is not None and f"`{name}/" in row.group(1)


def check_folders(texts, map_text):
    """A folder that has grown too large is cut into folders, which the map, lib/README.md, tells the use of."""
    lines = {}
    for path, text in texts.items():
        folder = os.path.dirname(path)
        lines[folder] = lines.get(folder, 0) + text.count("\n")
    for folder, count in sorted(lines.items()):
        if count > LIMIT_FOLDER_LINES:
            yield folder, 1, f"{count} lines in one folder, {LIMIT_FOLDER_LINES} is the limit: give what belongs together a sub-folder"
        if folder.count("/") > 1 and not is_on_the_map(folder, map_text):
            yield "lib/README.md", 1, f"the row of its room does not say what {folder}/ is for"


def check(texts, map_text):
    """texts: path -> text of every .c and .h file of lib/; map_text: of lib/README.md."""
    yield from check_cycles(texts)
    yield from check_folders(texts, map_text)
