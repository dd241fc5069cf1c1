{{ config(severity='warn', meta={'grain': 'local_month'}) }}

select
    local_month,
    bill,
    basis,
    amount
from {{ ref('bill_allocations_monthly') }}
where not is_allocated
