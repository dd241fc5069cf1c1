{{ config(severity='error', meta={'grain': 'local_month'}) }}

select
    lines.number,
    lines.local_month
from {{ ref('billed_lines_monthly') }} as lines
left join {{ ref('invoices') }} as invoices on lines.number = invoices.number
where invoices.number is null
