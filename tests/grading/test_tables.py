"""Tables of unknown origin: every encoding read, every bomb refused with a sentence, in bounded time."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date, datetime, time as clock, timedelta

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st

from grading import spreadsheet
from grading.errors import ResponseError
from grading.model import Upload
from grading.tables import MAX_CELL, Table, find_delimiter, read_table

PERSON = Table(("姓名", "金额"), (("张三", "12.5"), ("李四", None)))
CSV = "姓名,金额\r\n张三,12.5\r\n李四,\r\n"


def read(data, name="a.csv", **bounds):
    return read_table(Upload(name, data if isinstance(data, bytes) else data.encode()), **bounds)


def refused(data, name="a.csv", **bounds):
    start = time.process_time()
    with pytest.raises(ResponseError) as caught:
        read(data, name, **bounds)
    assert time.process_time() - start < 10
    sentence = str(caught.value)
    assert sentence.endswith("。")
    assert len(sentence) < 200
    return sentence


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
    def test_encodings(self, encoding):
        assert read(CSV.encode(encoding)) == PERSON

    def test_utf16_of_either_order(self):
        assert read(b"\xfe\xff" + CSV.encode("utf-16-be")) == PERSON

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_delimiters_and_line_ends(self, delimiter, ending):
        assert read(CSV.replace(",", delimiter).replace("\r\n", ending)) == PERSON

    def test_a_tsv_of_one_column_with_commas_stays_one_column(self):
        assert read("说明\n甲,乙\n", "a.tsv") == Table(("说明",), (("甲,乙",),))

    def test_delimiters_inside_quotes_do_not_count(self):
        assert find_delimiter('"a,b,c,d";e;f\n') == ";"

    def test_quoted_line_ends_and_commas(self):
        assert read('a,b\n"x\ny","p,q"\n') == Table(("a", "b"), (("x\ny", "p,q"),))

    def test_empty_lines_are_left_out_but_empty_cells_are_rows(self):
        assert read("\n\na,b\n\n1,2\n,\n\n").rows == (("1", "2"), (None, None))
        assert read('a\n1\n""\n').rows == (("1",), (None,))

    def test_a_header_alone_is_a_table_without_rows(self):
        assert read("a,b\n") == Table(("a", "b"), ())

    def test_a_saved_index_is_named_as_in_pandas(self):
        assert read(",a\n0,x\n").columns == ("Unnamed: 0", "a")

    def test_empty_cells_behind_the_last_column_are_dropped(self):
        assert read("a,b,\n1,2,\n") == Table(("a", "b"), (("1", "2"),))

    def test_ragged_rows_are_named(self):
        assert "数据第 2 行有 3 列，表头只有 2 列" in refused("a,b\n1,2\n1,2,3\n")
        assert "数据第 1 行只有 1 列，表头有 2 列" in refused("a,b\n1\n")

    def test_repeated_columns_are_named(self):
        assert "重复的列名：a" in refused("a,b,a\n1,2,3\n")

    @pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n", b"\xef\xbb\xbf"])
    def test_nothing_in_it(self, data):
        assert "空" in refused(data) or "没有内容" in refused(data)

    def test_nul_characters(self):
        assert "NUL" in refused("a,b\n1,\0\n")
        assert "NUL" in refused("a,b\n1,2\n".encode("utf-16-le"))

    def test_no_known_encoding(self):
        assert "编码" in refused(b"a,b\n\xff\xff\xff,1\n")
        assert "编码" in refused(b"\xff\xfea")

    def test_a_huge_cell(self):
        assert f"超过 {MAX_CELL} 字" in refused("a,b\n1," + "x" * (MAX_CELL + 1))
        assert "单元格过长" in refused("a,b\n1," + "x" * 200_000)
        assert "列名" in refused("x" * (MAX_CELL + 1) + "\n1\n")

    def test_an_open_quote(self):
        assert "数据第 1 行附近无法读取：引号不配对" in refused('a,b\n"1,2\n3,4\n')

    def test_a_million_columns(self):
        assert "超过 200 列" in refused(",".join(map(str, range(1_000_000))))

    def test_bounds(self):
        assert "超过 2 行" in refused("a\n1\n2\n3\n", max_rows=2)
        assert "超过 0.5 MB" in refused("a\n" * 400_000, max_bytes=512 * 1024)
        assert len(read("a\n1\n2\n", max_rows=2).rows) == 2

    @pytest.mark.parametrize("name", ["a.txt", "a", "a.xls", "a.csv.exe", ""])
    def test_extensions(self, name):
        assert ".csv、.tsv、.xlsx" in refused("a\n1\n", name)

    @pytest.mark.parametrize(
        ("data", "what"), [(b"PK\x03\x04x", "zip"), (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"), (b"%PDF-1.4", "PDF"), (b"\x1f\x8bx", "gzip")]
    )
    def test_other_files_under_this_name(self, data, what):
        assert what in refused(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.tsv", "a.xlsx"]))
def test_any_bytes_give_a_table_or_a_sentence(data, name):
    try:
        table = read(data, name)
    except ResponseError:
        return
    assert all(len(row) == len(table.columns) for row in table.rows)


def workbook(*rows, **sheets):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title, state in sheets.items():
        book.create_sheet(title).append(["other"])
        book[title].sheet_state = state
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def altered(data, **parts):
    """Return the archive `data` with parts replaced or added; a part is named by the end of its path, `.` as `_`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            key = item.filename.rpartition("/")[2].replace(".", "_")
            new.writestr(item.filename, parts.pop(key, old.read(item)))
        for key, content in parts.items():
            new.writestr(f"xl/{key.replace('_', '.')}", content)
    return stream.getvalue()


def sheet(body, head=""):
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'


BOOK = workbook(["a", "b"], [1, "x"])


def with_sheet(body, head=""):
    return altered(BOOK, sheet1_xml=sheet(body, head))


class TestXlsx:
    def test_values_keep_their_types(self):
        data = workbook(
            ["n", "f", "t", "b", "d", "day", "time", "span", "e"],
            [1, 2.5, "甲", True, datetime(2024, 1, 5, 6), date(2024, 1, 5), clock(6, 7), timedelta(hours=30), None],
        )
        row = read(data, "A.XLSX").rows[0]
        assert row == (1, 2.5, "甲", True, datetime(2024, 1, 5, 6), datetime(2024, 1, 5), "06:07:00", "1 day, 6:00:00", None)

    def test_blank_rows_and_columns_around_are_left_out(self):
        assert read(workbook([], ["a", "b", None], [], [1, 2], [None]), "a.xlsx") == Table(("a", "b"), ((1, 2),))
        body = '<row><c t="inlineStr"><is><t></t></is></c></row><row><c t="str"><v>a</v></c></row><row><c><v>7</v></c></row>'
        assert read(with_sheet(body), "a.xlsx") == Table(("a",), ((7,),))

    def test_numbers_may_head_columns(self):
        assert read(workbook([2023, 2024.0, None, "x"], [1, 2, 3, 4]), "a.xlsx").columns == ("2023", "2024", "Unnamed: 2", "x")

    def test_dates_may_be_written_as_text(self):
        body = '<row><c t="str"><v>a</v></c></row><row><c t="d"><v>2024-01-05</v></c></row>'
        assert read(with_sheet(body), "a.xlsx").rows == ((datetime(2024, 1, 5),),)

    def test_formulas_give_stored_values(self):
        body = '<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'
        assert read(with_sheet(body), "a.xlsx").rows == ((2,),)

    def test_the_first_visible_sheet_counts(self):
        book = openpyxl.Workbook()
        book.active.append(["hidden"])
        book.active.sheet_state = "hidden"
        book.create_sheet("b").append(["shown"])
        book.create_sheet("c").append(["later"])
        stream = io.BytesIO()
        book.save(stream)
        assert read(stream.getvalue(), "a.xlsx").columns == ("shown",)

    def test_no_visible_sheet(self):
        hidden = zipfile.ZipFile(io.BytesIO(BOOK)).read("xl/workbook.xml").replace(b'state="visible"', b'state="hidden"')
        assert "没有可见的工作表" in refused(altered(BOOK, workbook_xml=hidden), "a.xlsx")

    def test_a_cell_beyond_the_header_is_named(self):
        assert "数据第 1 行有 3 列，表头只有 2 列" in refused(workbook(["a", "b"], [1, 2, 3]), "a.xlsx")

    def test_bounds(self):
        assert "超过 2 行" in refused(workbook(["a"], [1], [2], [3]), "a.xlsx", max_rows=2)
        assert "超过 2 列" in refused(workbook(["a", "b", "c"]), "a.xlsx", max_columns=2)
        assert len(read(workbook(["a"], [1], [2]), "a.xlsx", max_rows=2).rows) == 2

    @pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"PK\x03\x04 cut off", b"PK\x05\x06" + b"\0" * 18, BOOK[: len(BOOK) // 2]])
    def test_no_workbook(self, data):
        assert "Excel" in refused(data, "a.xlsx")

    def test_an_old_or_encrypted_workbook(self):
        assert "旧版 .xls 或加密" in refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", "a.xlsx")

    def test_a_workbook_named_csv(self):
        assert "zip 压缩包" in refused(BOOK, "a.csv")

    @pytest.mark.parametrize(
        "body",
        ['<row r="x"/>', '<row r="99999999999"><c r="A1"/></row>', '<row r="0"/>', '<row r="1"><c r="AAAA1"/></row>',
        '<row><c r="1"/></row>',
         '<row r="1"><c r="A1" t="s"><v>999</v></c></row>', '<row r="1"><c r="A1"><v>x</v></c></row>', "<row>"],
    )
    def test_nonsense_inside(self, body):
        assert "损坏" in refused(with_sheet(body), "a.xlsx")

    def test_flipped_bytes(self):
        data = bytearray(BOOK)
        for place in range(60, len(data), 97):
            data[place] ^= 0xFF
        assert "Excel" in refused(bytes(data), "a.xlsx")


class TestBombs:
    def test_a_zip_bomb_by_declared_size(self):
        data = with_sheet("<!--" + " " * 12_000_000 + "-->")
        assert len(data) < 100_000
        assert "展开后过大" in refused(data, "a.xlsx")
        assert "zip 压缩包" in refused(data, "a.csv")

    def test_too_many_parts(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for number in range(spreadsheet.MAX_PARTS + 1):
                archive.writestr(f"{number}", "")
        assert "展开后过大" in refused(stream.getvalue(), "a.xlsx")

    def test_billion_laughs(self):
        levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        head = f'<!DOCTYPE worksheet [<!ENTITY l0 "ha">{levels}]>'
        assert "异常内容" in refused(with_sheet('<row r="1"><c r="A1" t="str"><v>&l9;</v></c></row>', head), "a.xlsx")

    def test_billion_laughs_in_utf16(self):
        text = sheet("", '<!DOCTYPE worksheet [<!ENTITY a "b">]>').replace('version="1.0"', 'version="1.0" encoding="utf-16"')
        assert "异常内容" in refused(altered(BOOK, sheet1_xml=text.encode("utf-16")), "a.xlsx")

    def test_a_row_of_endless_cells(self):
        assert "展开后过大" in refused(with_sheet("<row>" + "<c/>" * 20_000 + "</row>"), "a.xlsx")

    def test_one_endless_tag(self):
        assert "展开后过大" in refused(with_sheet(f'<row r="1"><c r="A1" s="{"1" * 2_000_000}"/></row>'), "a.xlsx")

    def test_deep_nesting(self):
        assert "展开后过大" in refused(with_sheet("<a>" * 100 + "</a>" * 100), "a.xlsx")

    def test_a_cell_at_the_far_end_is_quick_and_refused_or_ignored(self):
        body = '<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>'
        start = time.process_time()
        assert read(with_sheet(body), "a.xlsx").rows == ((1,),)
        assert time.process_time() - start < 10
        assert "损坏" in refused(with_sheet('<row r="1"><c r="ZZZZ1"/></row>'), "a.xlsx")

    @pytest.mark.parametrize(("limit", "part"), [("MAX_STRING_ELEMENTS", "sharedStrings_xml"), ("MAX_OTHER_ELEMENTS", "styles_xml")])
    def test_other_parts_are_counted_too(self, monkeypatch, limit, part):
        monkeypatch.setattr(spreadsheet, limit, 1000)
        assert "展开后过大" in refused(altered(BOOK, **{part: "<a>" + "<b/>" * 1001 + "</a>"}), "a.xlsx")

    def test_too_many_cells_in_all(self, monkeypatch):
        monkeypatch.setattr(spreadsheet, "MAX_CELLS", 100)
        assert "单元格超过 100 个，请另存为 CSV" in refused(with_sheet("<row><c/></row>" * 101), "a.xlsx")

    def test_a_huge_cell(self):
        assert "超过 32767 字" in refused(with_sheet(
            '<row r="1"><c r="A1" t="str"><v>a</v></c></row>'
            f'<row r="2"><c r="A2" t="str"><v>{"x" * 40_000}</v></c></row>'
        ), "a.xlsx")


def test_a_table_knows_its_columns():
    table = Table(("a", "b"), (("1", "2"), ("3", "4")))
    assert table.absent(["b", "c"]) == ["c"]
    assert table.column("b") == ("2", "4")
    assert table.pick(["b", "a"]) == [("2", "1"), ("4", "3")]
    with pytest.raises(ValueError, match="not in tuple"):
        table.column("c")
