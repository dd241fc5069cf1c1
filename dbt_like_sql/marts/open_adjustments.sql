{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with compared as (

    select * from {{ ref('int_lines_compared') }}

),

final as (

    select *
    from compared
    where
        uses <> 0
        or quantity <> 0
        or free_quantity <> 0
        or cost <> 0
        or unrounded_charge <> 0
        or charge <> 0

)

select * from final
