# SPDX-License-Identifier: Apache-2.0
"""The memory of three programs over the time of a soak, as an SVG written by hand."""

COLOURS = {"laptop": "#1b6ca8", "phone": "#c4511d", "server": "#3c7d3c"}
MARKS = {"server": "#3c7d3c", "restart": "#c4511d", "lock": "#999999"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 460, 64, 20, 64, 48
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def ticks(most):
    step = next((s for s in STEPS if most / s <= 8), STEPS[-1])
    return range(0, int(most) + 1, step)


def lines_of(readings):
    """The readings of a program, cut where it was down."""
    lines, last = [], None
    for reading in readings:
        if last is None or reading.seconds - last > 3:
            lines.append([])
        lines[-1].append(reading)
        last = reading.seconds
    return lines


class Figure:
    def __init__(self, seconds, highest_mib):
        self.minutes, self.highest, self.parts = max(seconds / 60, 0.1), max(highest_mib * 1.05, 1), []

    def x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / 60 / self.minutes

    def y(self, mib):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(mib / self.highest, 1)

    def line(self, x1, y1, x2, y2, colour, **more):
        extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{extra}/>')

    def text(self, x, y, words, anchor="middle", colour="#222222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>')

    def axes(self):
        for minute in ticks(self.minutes):
            self.line(self.x(minute * 60), self.y(0), self.x(minute * 60), self.y(0) + 5, "#222222")
            self.text(self.x(minute * 60), self.y(0) + 19, minute)
        for mib in ticks(self.highest):
            self.line(LEFT, self.y(mib), WIDTH - RIGHT, self.y(mib), "#e4e4e4")
            self.text(LEFT - 8, self.y(mib) + 4, mib, "end")
        self.line(LEFT, self.y(0), WIDTH - RIGHT, self.y(0), "#222222")
        self.line(LEFT, TOP, LEFT, self.y(0), "#222222")
        self.text((LEFT + WIDTH) / 2, HEIGHT - 10, "minutes")
        self.text(LEFT, TOP - 10, "MiB of RssAnon", "start")

    def marks(self, events):
        """Short strokes at the top: one row for each kind of event."""
        for row, (kind, colour) in enumerate(MARKS.items()):
            for event in (e for e in events if e.kind == kind):
                self.line(self.x(event.begin), TOP + 6 * row, self.x(event.begin), TOP + 6 * row + 5, colour)

    def program(self, name, readings):
        for line in lines_of(readings):
            points = " ".join(f"{self.x(r.seconds):.1f},{self.y(r.rss_anon_kib / 1024):.1f}" for r in line)
            self.parts.append(f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="1.6" points="{points}"/>')

    def legend(self):
        for n, (name, colour) in enumerate(COLOURS.items()):
            self.line(LEFT + 100 * n, 20, LEFT + 100 * n + 22, 20, colour, stroke_width=3)
            self.text(LEFT + 100 * n + 28, 24, name, "start")
        rows = (("server restarted", "server"), ("phone restarted", "restart"), ("locked and unlocked", "lock"))
        for n, (words, kind) in enumerate(rows):
            self.line(LEFT + 380 + 160 * n, 14, LEFT + 380 + 160 * n, 26, MARKS[kind], stroke_width=2)
            self.text(LEFT + 388 + 160 * n, 24, words, "start")

    def write(self, path):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
                f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">')
        background = '<rect width="100%" height="100%" fill="#ffffff"/>'
        path.write_text("\n".join([head, background, *self.parts, "</svg>"]) + "\n")


def draw(path, seconds, gauges, events):
    """An unlock takes 256 MiB for a moment: the axis ends above all other readings, and the line leaves it there."""
    calm = sorted(r.rss_anon_kib / 1024 for r in gauges.readings if r.open)
    figure = Figure(seconds, calm[int(len(calm) * 0.999) - 1] if calm else 1)
    figure.axes()
    figure.marks(events)
    for name in COLOURS:
        figure.program(name, gauges.of(name))
    figure.legend()
    figure.write(path)
