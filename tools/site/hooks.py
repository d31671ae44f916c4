"""What the site adds to docs/: KaTeX, the project's README, and a page for each source file that a page names.

A page of docs/ names a file as `autodiff/grad.cpp`, or links to one. On the site both lead to a page with the file's
text, so that all of it can be read without a network.
"""

import logging
import os
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"  # stands on the site as project.md
KATEX = [Path(p) for p in ("/usr/share/javascript/katex", "/usr/share/nodejs/katex/dist",
                           "/opt/homebrew/lib/node_modules/katex/dist", "/usr/local/lib/node_modules/katex/dist")]
LANGUAGES = {".cpp": "cpp", ".h": "cpp", ".txt": "cmake", ".py": "python", ".ts": "typescript", ".yml": "yaml"}
NAMED = re.compile(r"(?<![`\[])`([a-z][\w/-]*/[\w./-]+|train\.cpp)`(?!`)")  # `autodiff/grad.cpp`
LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")  # ](hello.cpp)
FETCHED = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)=["']?https?:[^"' >]*""")
PAGES = (".md", ".svg", ".png", ".gif")  # what docs/ shows as it is


def is_source(path):
    """Is it a file of the project's that is no page, and nothing that was built?"""
    return (path.is_file() and ROOT in path.parents and path.suffix not in PAGES
            and path.relative_to(ROOT).parts[0] not in ("build", "runs"))


def linked(page, target):
    """The file of the project that a link on a page leads to."""
    return (page.parent / target).resolve()


def uri_of(path):
    """Where the site has that file of the project; None where it has it not."""
    if path == README:
        return "project.md"
    if is_source(path):
        return f"source/{path.relative_to(ROOT)}.md"
    return str(path.relative_to(DOCS)) if DOCS in path.parents and path.exists() else None


def sources_of(page):
    text = page.read_text(encoding="utf-8")
    named = (ROOT / name for name in NAMED.findall(text))
    links = (linked(page, target) for _, target, _ in LINK.findall(text))
    return {path for path in (*named, *links) if is_source(path)}


def source_text(path):
    name = path.relative_to(ROOT)
    language = LANGUAGES.get(path.suffix, "text")
    code = path.read_text(encoding="utf-8").rstrip()
    return (f"---\nsearch:\n  exclude: true\nhide: [toc]\n---\n\n# {name}\n\n"
            f'``````{{.{language} linenums="1"}}\n{code}\n``````\n')


def chapters(folder):
    return [f"{folder}/{page.name}" for page in sorted((DOCS / folder).glob("[0-9]*.md"))]


def on_config(config):
    for section in config.nav:
        for title, pages in section.items():
            if isinstance(pages, list):  # a folder's name stands for its chapters
                section[title] = [page for item in pages
                                  for page in (chapters(item) if not item.endswith(".md") else [item])]
    return config


def on_files(files, config):
    def add(uri, **what):
        files.append(File.generated(config, uri, **what))

    for name in ("iframe-worker.js", "site.css", "site.js"):
        add(f"assets/{name}", abs_src_path=str(HERE / name))
    katex = next((folder for folder in KATEX if (folder / "katex.min.js").exists()), None)
    if katex is None:
        raise PluginError("KaTeX, which sets the formulas, is missing; tools/setup docs brings it")
    add("assets/katex/katex.min.js", abs_src_path=str(katex / "katex.min.js"))
    add("assets/katex/katex.min.css", abs_src_path=str(katex / "katex.min.css"))
    for font in sorted((katex / "fonts").glob("*.woff2")):
        add(f"assets/katex/fonts/{font.name}", abs_src_path=str(font))

    add("project.md", content=README.read_text(encoding="utf-8"))
    pages = [Path(file.abs_src_path) for file in files.documentation_pages() if file.abs_src_path]
    sources = set().union(*(sources_of(page) for page in (README, *pages)))
    for path in sorted(sources):
        add(uri_of(path), content=source_text(path), inclusion=InclusionLevel.NOT_IN_NAV)
    return files


def on_page_markdown(markdown, page, **_):
    if page.file.src_uri.startswith("source/"):
        return markdown
    uri = page.file.src_uri
    here = README if uri == "project.md" else DOCS / uri

    def to(path):
        return os.path.relpath(uri_of(path), os.path.dirname(uri) or ".")

    def name(match):
        path = ROOT / match[1]
        return f"[`{match[1]}`]({to(path)})" if is_source(path) else match[0]

    def link(match):
        path = linked(here, match[2])
        return f"{match[1]}{to(path)}{match[3]}" if uri_of(path) else match[0]

    def outside_code(text):
        return NAMED.sub(name, LINK.sub(link, text))

    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else outside_code(part) for part in parts)


def on_post_page(output, page, **_):
    if fetched := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} needs the network: {fetched[0]}")
    return output


def on_startup(**_):
    logging.getLogger("mkdocs.structure.nav").setLevel(logging.ERROR)
