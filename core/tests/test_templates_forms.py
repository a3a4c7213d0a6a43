"""Forms: a label, a hint and an error belong to their control, for eyes and for screen readers."""

from django.template import Context, Template

from config.style_guide import SampleForm


def test_hint_and_error_are_named_by_the_control_they_are_about():
    html = str(SampleForm({"email": "not an address"})["email"].as_field_group())

    assert '<label for="id_email">E-mail</label>' in html
    assert 'id="id_email_helptext">We write only about your order.' in html
    assert 'id="id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html


def test_what_may_be_left_out_says_so_and_what_is_required_does_not():
    form = SampleForm()

    assert '<span class="optional">(optional)</span>' in str(form["phone"].as_field_group())
    assert "optional" not in str(form["email"].as_field_group())


def test_a_group_of_choices_is_a_fieldset_with_a_legend():
    html = str(SampleForm()["speed"].as_field_group())

    assert html.startswith('<fieldset class="field"')
    assert "<legend>Delivery</legend>" in html
    assert '<label for="id_speed_0">' in html


def test_a_tick_stands_before_its_label():
    html = str(SampleForm()["news"].as_field_group())

    assert html.index('type="checkbox"') < html.index("<label")
    assert "(optional)" not in html


def test_a_rejected_form_begins_with_a_summary_that_leads_to_each_field():
    form = SampleForm({"email": "x", "password": "long enough 1", "country": "de", "speed": ""})

    html = str(form)

    assert html.index("error-summary") < html.index('name="email"')
    assert 'role="alert" tabindex="-1" autofocus' in html
    assert '<a href="#id_email">E-mail: Enter a valid email address.</a>' in html
    assert '<a href="#id_speed">Delivery: This field is required.</a>' in html
    assert "2 things need another look" in html


def test_a_form_without_errors_has_no_summary():
    assert "error-summary" not in str(SampleForm())


def test_an_error_of_the_whole_form_is_in_the_summary():
    form = SampleForm({})
    form.add_error(None, "The coupon <b>KILN</b> has expired.")

    html = Template('{% include "components/error_summary.html" %}').render(Context({"form": form}))

    assert "<li>The coupon &lt;b&gt;KILN&lt;/b&gt; has expired.</li>" in html
